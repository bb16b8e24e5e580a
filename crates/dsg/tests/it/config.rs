use std::path::Path;

use dsg::config::{ConfigLayers, DatasetConfig, Origin, TEMPLATE};

fn resolve(yaml: &str) -> Result<DatasetConfig, String> {
    ConfigLayers::new()
        .text(Path::new("datasetgen.yaml"), yaml)
        .resolve()
        .map(|resolved| resolved.config)
        .map_err(|error| error.to_string())
}

fn refused(yaml: &str) -> String {
    resolve(yaml).expect_err("this configuration must be refused")
}

#[test]
fn the_template_is_a_valid_configuration() {
    let config = resolve(TEMPLATE).unwrap();
    assert_eq!(config.topics.len(), 3);
}

#[test]
fn a_misspelt_key_is_named_with_its_place_and_a_suggestion() {
    assert_eq!(
        refused("version: 1\ntopcis: []\n"),
        "datasetgen.yaml:2:1: unknown key `topcis`; did you mean `topics`?"
    );
    let nested = refused("version: 1\nchunk:\n  max_token: 3\n");
    assert!(
        nested.starts_with("datasetgen.yaml:3:3: unknown key `max_token`"),
        "{nested}"
    );
}

#[test]
fn a_wrong_type_names_the_line() {
    let error = refused("version: 1\nseed: many\n");
    assert!(error.starts_with("datasetgen.yaml:2:7: "), "{error}");
}

#[test]
fn an_impossible_value_names_the_line_it_stands_on() {
    let yaml = "version: 1\ntopics:\n  - id: jobs\n    quota: 0\n";
    let error = refused(yaml);
    assert!(
        error.starts_with("datasetgen.yaml:4:12: `topics[0].quota`"),
        "{error}"
    );
    let error = refused("version: 1\ndifficulty: {basic: 0.9, intermediate: 0.9, advanced: 0.2}\n");
    assert!(
        error.starts_with("datasetgen.yaml:2:13: `difficulty`"),
        "{error}"
    );
    let error = refused("version: 2\n");
    assert!(
        error.starts_with("datasetgen.yaml:1:10: `version`"),
        "{error}"
    );
}

#[test]
fn an_empty_file_says_what_to_do() {
    assert!(refused("# nothing\n").contains("dsg init"));
}

#[test]
fn an_unknown_provider_lists_what_there_is() {
    let error = refused("version: 1\nmodels: {generator: {provider: extractiv}}\n");
    assert!(error.contains("did you mean `extractive`?"), "{error}");
}

#[test]
fn later_layers_win_and_know_their_origin() {
    let env = [
        ("DSG_SEED".to_owned(), "7".to_owned()),
        ("DSG_CHUNK__MAX_TOKENS".to_owned(), "300".to_owned()),
        ("DSG_LOG".to_owned(), "debug".to_owned()),
        ("HOME".to_owned(), "x".to_owned()),
    ];
    let resolved = ConfigLayers::new()
        .text(
            Path::new("d.yaml"),
            "version: 1\nseed: 1\nhypothesis: why\n",
        )
        .environment(env, &["DSG_LOG"])
        .set("chunk.max_tokens", "200", "--set")
        .resolve()
        .unwrap();
    assert_eq!(
        (resolved.config.seed, resolved.config.chunk.max_tokens),
        (7, 200)
    );
    let origin = |path: &str| {
        let listing = resolved.listing();
        listing
            .into_iter()
            .find(|(at, _, _)| at == path)
            .unwrap()
            .2
            .to_string()
    };
    assert_eq!(origin("seed"), "environment variable DSG_SEED");
    assert_eq!(origin("chunk.max_tokens"), "flag --set");
    assert_eq!(origin("hypothesis"), "d.yaml:3:13");
    assert_eq!(resolved.origin("split.eval_fraction"), Origin::Default);
}

#[test]
fn a_bad_override_names_the_variable_or_flag() {
    let error = ConfigLayers::new()
        .set("chunk.max_tokns", "1", "--set")
        .resolve()
        .unwrap_err();
    assert!(error.to_string().starts_with("flag --set: "), "{error}");
    assert!(
        error.to_string().contains("did you mean `max_tokens`?"),
        "{error}"
    );
    let env = [("DSG_SEED".to_owned(), "often".to_owned())];
    let error = ConfigLayers::new()
        .environment(env, &[])
        .resolve()
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("environment variable DSG_SEED: `seed`"),
        "{error}"
    );
}

#[test]
fn the_schema_describes_every_key() {
    let schema = DatasetConfig::json_schema();
    for key in [
        "topics",
        "difficulty",
        "rules",
        "models",
        "chunk",
        "dedupe",
        "gates",
    ] {
        assert!(
            schema["properties"][key]["description"].is_string(),
            "{key}"
        );
    }
}
