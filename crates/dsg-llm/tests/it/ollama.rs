//! Ollama's own API over real TCP.

use dsg_core::{ChatError, ChatModel as _, ChatReply, ChatRequest, FinishReason};
use dsg_llm::{Blocking, HttpConfig, LlmError, Ollama, OllamaConfig};
use serde_json::json;

use crate::server::{Server, Step, answer, question};

const NDJSON: &str = "content-type: application/x-ndjson\r\n";

fn config(server: &Server) -> OllamaConfig {
    OllamaConfig {
        base_url: server.base_url.trim_end_matches("/v1").to_owned(),
        model: "small:1b".to_owned(),
        ..OllamaConfig::default()
    }
}

fn says(script: Vec<u8>) -> Result<ChatReply, ChatError> {
    let server = Server::new(vec![script]);
    let model = Ollama::new(config(&server), HttpConfig::default(), None).unwrap();
    Blocking::new()
        .unwrap()
        .block_on(model.complete(&question()))
}

const WHOLE: &str = concat!(
    r#"{"model":"small:1b","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":"Use sbatch."},"#,
    r#""done_reason":"stop","done":true,"total_duration":9,"prompt_eval_count":21,"eval_count":4}"#,
);

#[test]
fn a_whole_reply_and_one_in_parts_say_the_same() {
    let whole = says(answer("200 OK", "", WHOLE)).unwrap();
    assert_eq!(
        (whole.text.as_str(), whole.finish),
        ("Use sbatch.", FinishReason::Stop)
    );
    assert_eq!(
        (whole.usage.prompt_tokens, whole.usage.completion_tokens),
        (21, 4)
    );
    let parts = concat!(
        r#"{"message":{"role":"assistant","content":"Use "},"done":false}"#,
        "\n\n",
        r#"{"message":{"role":"assistant","content":"sbatch.","thinking":"hm"},"done":false}"#,
        "\n",
        r#"{"message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":21,"eval_count":4}"#,
        "\n",
        r#"{"message":{"role":"assistant","content":"sbatch."},"done":false}"#,
    );
    assert_eq!(says(answer("200 OK", NDJSON, parts)).unwrap(), whole);
}

#[test]
fn a_part_may_come_in_pieces() {
    let server = Server::with(|_, _| {
        let text = answer("200 OK", NDJSON, WHOLE);
        text.chunks(7)
            .map(|piece| Step::Say(piece.to_vec()))
            .collect()
    });
    let model = Ollama::new(config(&server), HttpConfig::default(), None).unwrap();
    let reply = Blocking::new()
        .unwrap()
        .block_on(model.complete(&question()));
    assert_eq!(reply.unwrap().text, "Use sbatch.");
}

#[test]
fn context_format_and_memory_are_really_asked_for() {
    let server = Server::new(vec![answer("200 OK", "", WHOLE)]);
    let ask = |config: OllamaConfig, request: &ChatRequest| {
        let model = Ollama::new(config, HttpConfig::default(), None).unwrap();
        assert_eq!(model.capabilities().context_tokens, Some(8192));
        Blocking::new()
            .unwrap()
            .block_on(model.complete(request))
            .unwrap();
    };
    let schema = json!({"type": "object"});
    let mut request = ChatRequest {
        schema: Some(schema.clone()),
        ..question()
    };
    request.sampling.stop = vec!["END".to_owned()];
    let further = OllamaConfig {
        keep_alive: "-1".to_owned(),
        stream: false,
        think: Some(false),
        options: json!({"num_batch": 64}).as_object().unwrap().clone(),
        ..config(&server)
    };
    ask(further, &request);
    ask(config(&server), &question());
    let bodies = server.requests();
    assert_eq!(
        bodies[0],
        json!({
            "model": "small:1b",
            "messages": [{"role": "user", "content": "How do I submit a job?"}],
            "stream": false,
            "format": schema,
            "keep_alive": -1,
            "think": false,
            "truncate": false,
            "shift": false,
            "options": {
                "num_ctx": 8192, "num_predict": 512, "seed": 0, "stop": ["END"], "temperature": 0.0, "top_p": 1.0,
                "num_batch": 64,
            },
        })
    );
    assert_eq!(bodies[1]["stream"], true);
    assert_eq!(bodies[1]["keep_alive"], "30m");
    assert!(bodies[1].get("format").is_none() && bodies[1].get("think").is_none());
}

#[test]
fn a_reply_that_is_cut_says_so() {
    let cut = WHOLE.replace("\"stop\"", "\"length\"");
    assert_eq!(
        says(answer("200 OK", "", &cut)).unwrap().finish,
        FinishReason::Length
    );
}

#[test]
fn what_goes_wrong_has_its_kind() {
    let missing = answer(
        "404 Not Found",
        "",
        r#"{"error":"model 'small:1b' not found"}"#,
    );
    let error = says(missing).unwrap_err();
    assert!(
        matches!(error, ChatError::Refused { .. }) && error.to_string().contains("not found"),
        "{error}"
    );
    let too_long = answer(
        "400 Bad Request",
        "",
        r#"{"error":"the input is longer than the context"}"#,
    );
    assert!(matches!(says(too_long), Err(ChatError::Rejected { .. })));
    let within =
        "{\"message\":{\"content\":\"Use\"},\"done\":false}\n{\"error\":\"the runner has died\"}\n";
    let error = says(answer("200 OK", NDJSON, within)).unwrap_err();
    assert!(
        matches!(error, ChatError::Busy { .. }) && error.to_string().contains("died"),
        "{error}"
    );
    for body in [
        "",
        "<html>It works!</html>",
        "{\"message\":{\"content\":\"Use\"},\"done\":false}\n",
        "{\"message\":{\"content\":\"Use\"},\"done\":false}\n{\"message\":{\"con",
        "{\"done\":false}\n",
    ] {
        let error = says(answer("200 OK", NDJSON, body)).unwrap_err();
        assert!(
            matches!(error, ChatError::Malformed { .. }),
            "{body}: {error}"
        );
    }
}

#[test]
fn impossible_settings_are_refused() {
    let base = || OllamaConfig {
        model: "small:1b".to_owned(),
        ..OllamaConfig::default()
    };
    let own = json!({"num_ctx": 1}).as_object().unwrap().clone();
    for (config, part) in [
        (OllamaConfig::default(), "`model`"),
        (
            OllamaConfig {
                num_ctx: 0,
                ..base()
            },
            "`num_ctx`",
        ),
        (
            OllamaConfig {
                options: own,
                ..base()
            },
            "set by dsg",
        ),
        (
            OllamaConfig {
                base_url: "http://192.0.2.1:11434".into(),
                ..base()
            },
            "allow_remote",
        ),
    ] {
        let error: LlmError = Ollama::new(config, HttpConfig::default(), None).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    }
}
