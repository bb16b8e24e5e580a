//! The page of a report as a person and a browser read it.

use dsg_export::{
    AnswerRecord, BenchReport, ComparisonReport, DatasetReport, EvaluationReport, Report, SpeedRow,
    TrainingReport, TrainingStep, html_report,
};
use serde_json::{Value, json};

use crate::dataset::Dataset;

const STEPS: u64 = 40;

fn step(step: u64, eval_loss: Option<f64>) -> TrainingStep {
    TrainingStep {
        step,
        epoch: step as f64 / 10.0,
        loss: Some(3.0 / step as f64 + 0.5),
        learning_rate: 2e-4,
        gradient_norm: Some(1.0),
        tokens: 512,
        eval_loss,
        seconds: Some(2.0),
        tokens_per_second: Some(256.0),
        peak_bytes: Some(1 << 30),
    }
}

fn training() -> TrainingReport {
    let summary = json!({
        "base": "/data/models/base-q8_0.gguf", "rows": 12, "refused": 1, "labels": 99,
        "report": {"steps": STEPS, "stopped_early": false, "skipped": 0, "base_eval_loss": 3.25, "eval_loss": 0.75,
            "best_step": 40, "parameters": 4096},
        "config": {"adapter": {"rank": 8, "alpha": 16.0, "targets": ["q_proj", "v_proj"], "dora": false, "rslora": false},
            "quantize": null, "seed": 42, "epochs": 4, "learning_rate": 2e-4, "schedule": "cosine", "batch_rows": 4},
    });
    TrainingReport {
        name: "student".into(),
        steps: (1..=STEPS)
            .map(|n| step(n, n.is_multiple_of(20).then_some(1.0 / n as f64)))
            .collect(),
        summary: Some(serde_json::from_value(summary).unwrap()),
    }
}

fn answer(id: usize, axis: &str, answer: &str) -> AnswerRecord {
    serde_json::from_value(json!({
        "id": format!("qa-{id}"), "axis": axis, "question": format!("Question {id}?"), "reference": format!("Reference {id}."),
        "answer": answer, "finish": "length", "nll": 1.25, "scores": {"f1": 0.5, "unsupported": ["30 GB"]},
    }))
    .unwrap()
}

fn evaluation(name: &str, file: &Value, text: &str) -> EvaluationReport {
    let metrics = |mean: f64| {
        json!([{"metric": "nll", "items": 3, "mean": mean, "low": mean - 0.25, "high": mean + 0.25},
        {"metric": "perplexity", "items": 3, "mean": null, "low": null, "high": null}])
    };
    let summary = json!({
        "model": "/data/models/student.gguf", "adapter": null, "file": file, "embedder": "hashed", "items": 4, "refused": 0,
        "axes": [{"axis": "unseen", "items": 3, "groups": 2, "metrics": metrics(1.5)},
            {"axis": "general", "items": 1, "groups": 1, "metrics": metrics(2.5)}],
        "gates": [{"gate": "unseen.nll", "met": false, "detail": "at most 1; unseen 1.5000"}],
    });
    EvaluationReport {
        name: name.into(),
        summary: serde_json::from_value(summary).unwrap(),
        answers: (0..3)
            .map(|id| answer(id, "unseen", text))
            .chain([answer(9, "general", text)])
            .collect(),
    }
}

fn whole() -> Report {
    let comparison = json!({
        "judge": {"provider": "openai", "model": "/data/models/judge.gguf", "prompt": "judge/pairwise@1"},
        "items": 4, "unpaired": 1, "same_tokens": false,
        "axes": [{"axis": "unseen", "metrics": [{"metric": "f1", "base": 0.25, "student": 0.5, "difference": 0.25, "low": 0.125,
            "high": 0.375, "p_better": 0.975, "wins": 2, "ties": 1, "losses": 0}],
            "win_rate": {"items": 3, "rate": 0.625, "low": 0.5, "high": 0.75, "p_better": 0.875, "wins": 7, "ties": 8, "losses": 9,
            "same_text": 0, "disagreements": 1, "position_bias": 0.25, "no_verdict": 11}},
            {"axis": "general", "metrics": [], "win_rate": {"items": 0, "rate": null, "low": null, "high": null, "p_better": null,
            "wins": 0, "ties": 0, "losses": 0, "same_text": 0, "disagreements": 0, "position_bias": null, "no_verdict": 12}}],
    });
    let file = json!({"file_type": "Q4_K_M", "bits_per_weight": 4.5, "bytes": 100 << 20});
    Report {
        datasets: vec![DatasetReport {
            name: "out".into(),
            manifest: Dataset::small().manifest,
        }],
        trainings: vec![training()],
        evaluations: vec![
            evaluation("comparison/base", &Value::Null, "I do not know."),
            evaluation("comparison/student", &file, "Of the student."),
        ],
        comparisons: vec![ComparisonReport {
            name: "comparison".into(),
            summary: serde_json::from_value(comparison).unwrap(),
        }],
        benches: vec![BenchReport {
            name: "bench.csv".into(),
            rows: vec![SpeedRow {
                model: "student.gguf@0123456789abcdef".into(),
                threads: 4,
                batch: 512,
                test: "pp512".into(),
                tokens_per_second: 123.456,
                deviation: 1.5,
                first_token_ms: Some(40.0),
                peak_bytes: None,
            }],
        }],
    }
}

/// The points of every curve of this opacity, in the order of the page.
fn curves(page: &str, opacity: &str) -> Vec<usize> {
    let start = format!("<polyline fill=\"none\" opacity=\"{opacity}\" stroke=\"#0072B2\"");
    page.split(&start)
        .skip(1)
        .map(|rest| {
            let (_, points) = rest.split_once("points=\"").unwrap();
            points.split('"').next().unwrap().split_whitespace().count()
        })
        .collect()
}

#[test]
fn a_page_tells_of_data_training_answers_and_speed() {
    let page = html_report(&whole(), 10).unwrap();
    for part in [
        // The funnel with its reasons, and the quota.
        "1 <code>judge.too_short</code>",
        "<meter min=\"0\" max=\"4\" value=\"3\">3 of 4</meter>",
        "exhausted",
        // The facts of the training.
        "<dt>base model</dt><dd>base-q8_0.gguf</dd>",
        "<dt>rank</dt><dd>8</dd>",
        "<dt>best evaluation loss</dt><dd>0.7500 at step 40</dd>",
        "<dt>tokens a second</dt><dd>256</dd>",
        "<desc>each step: 3.5000 at step 1, 0.5750 at step 40, from 0.5750 to 3.5000.",
        "base model on eval: 3.2500 at step 0, 3.2500 at step 40",
        // Base beside student, with the weights that were measured.
        "Q4_K_M, 4.50 bits a weight, 100 MiB</td><td>burn</td>",
        "1.500 <span class=\"faint\">1.250 to 1.750</span>",
        "3 from 2",
        "Forgetting: questions",
        "<strong>missed</strong> unseen.nll",
        "<td class=\"number\">+0.250</td><td class=\"number\">+0.125 to +0.375</td>",
        "their likelihoods (nll) are not compared",
        // What a judge says.
        "openai/judge.gguf said by judge&#x2f;pairwise@1",
        "<th scope=\"row\">unseen</th><td class=\"number\">0.625</td><td class=\"number\">0.500 to 0.750</td><td class=\"number\">0.875</td>\
         <td class=\"number\">7</td><td class=\"number\">8</td><td class=\"number\">9</td><td class=\"number\">25 %</td><td class=\"number\">11</td>",
        "<th scope=\"row\">general</th><td class=\"number\">–</td>",
        // Answers beside each other.
        "Question 2?",
        "Reference 2.",
        "I do not know.",
        "Of the student.",
        "nll 1.25, F1 0.50; cut at the most tokens; without evidence: 30 GB",
        // Speed.
        "<td class=\"number\">123.46</td>",
    ] {
        assert!(page.contains(part), "`{part}` is not in\n{page}");
    }
    assert_eq!(page, html_report(&whole(), 10).unwrap());
}

#[test]
fn a_page_says_what_ran_a_model_and_what_held_its_replies() {
    let mut report = whole();
    let summary = &mut report.evaluations[1].summary;
    summary.engine = Some("llama-cpp".into());
    let constrained =
        json!({"by": "schema", "file": "/data/answer.json", "valid": 7, "invalid": 1, "cut": 2});
    summary.constrained = serde_json::from_value(constrained).unwrap();
    let page = html_report(&report, 10).unwrap();
    for part in [
        // An evaluation of a version that had one engine says nothing of it.
        "<td>–</td><td>burn</td>",
        "100 MiB</td><td>llama-cpp</td>",
        "held to the schema answer.json; 7 are valid, 1 are not, 2 were cut.",
    ] {
        assert!(page.contains(part), "`{part}` is not in\n{page}");
    }
    assert_eq!(page.matches("every reply was held").count(), 1);
}

#[test]
fn a_curve_has_as_many_points_as_steps() {
    let page = html_report(&whole(), 0).unwrap();
    let steps = usize::try_from(STEPS).unwrap();
    assert_eq!(curves(&page, "0.4"), [steps]);
    // Smoothed loss, learning rate, gradient norm, tokens a second.
    assert_eq!(
        curves(&page, "1")
            .iter()
            .filter(|points| **points == steps)
            .count(),
        4
    );
    // A loss that was not finite is left out.
    let mut report = whole();
    report.trainings[0].steps[3].loss = None;
    let page = html_report(&report, 0).unwrap();
    assert_eq!(curves(&page, "0.4"), [steps - 1]);
}

#[test]
fn only_the_first_questions_of_an_axis_are_shown() {
    let page = html_report(&whole(), 2).unwrap();
    assert!(page.contains("Question 0?") && page.contains("Question 1?"));
    assert!(!page.contains("Question 2?") && page.contains("Question 9?"));
    assert!(page.contains("unseen: 2 questions with all answers, 1 more are not shown"));
}

#[test]
fn whatever_data_say_stays_text() {
    let hostile = "</div><script>alert(1)</script><img src=x onerror=\"alert(2)\">{{ 7 * 7 }}";
    let mut report = whole();
    report.evaluations = vec![evaluation(hostile, &Value::Null, hostile)];
    report.evaluations[0].answers[0].question = hostile.into();
    report.evaluations[0].answers[0].axis = hostile.into();
    report.evaluations[0].summary.axes[0].axis = hostile.into();
    report.evaluations[0].summary.model = hostile.into();
    report.comparisons[0].name = hostile.into();
    report.comparisons[0].summary.judge.as_mut().unwrap().model = hostile.into();
    report.trainings[0].name = hostile.into();
    report.datasets[0].manifest.coverage[0].topic = hostile.into();
    report.benches[0].rows[0].model = hostile.into();
    let page = html_report(&report, 10).unwrap();
    assert!(
        !page.contains("<script") && !page.contains("<img"),
        "{page}"
    );
    assert!(page.contains("&lt;script&gt;alert(1)") && page.contains("{{ 7 * 7 }}"));
    assert!(!page.contains("onerror=\""));
}

#[test]
fn a_page_loads_nothing_and_names_no_folder_of_a_machine() {
    let page = html_report(&whole(), 10).unwrap();
    assert!(page.contains("default-src 'none'"));
    for foreign in [
        "src=",
        "<link",
        "@import",
        "url(",
        "https://",
        "/data/",
        "&#x2f;data",
    ] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    // What a drawing needs to be one, and no address that anything is read from.
    let name = "http://www.w3.org/2000/svg";
    assert_eq!(page.matches("http://").count(), page.matches(name).count());
}

#[test]
fn every_table_has_a_caption_and_every_drawing_a_description() {
    let page = html_report(&whole(), 10).unwrap();
    let count = |part: &str| page.matches(part).count();
    assert_eq!(count("<table>"), count("<caption>"));
    assert_eq!(count("role=\"img\""), 4);
    assert_eq!(count("<desc>"), 4);
    for (open, close) in [
        ("<table>", "</table>"),
        ("<section ", "</section>"),
        ("<details>", "</details>"),
        ("<svg", "</svg>"),
        ("<div", "</div>"),
    ] {
        assert_eq!(count(open), count(close), "{open}");
    }
}

#[test]
fn a_training_under_way_is_said_to_be() {
    let report = Report {
        trainings: vec![TrainingReport {
            summary: None,
            ..training()
        }],
        ..Report::default()
    };
    let page = html_report(&report, 10).unwrap();
    assert!(page.contains("The training is not finished") && page.contains("<polyline"));
    assert!(!page.contains("id=\"evaluation\"") && !page.contains("base model on eval"));
}
