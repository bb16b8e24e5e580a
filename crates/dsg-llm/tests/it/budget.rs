//! When a run has cost enough.

use std::sync::Arc;
use std::time::Duration;

use dsg_core::{ChatError, ChatModel, ChatReply, ChatRequest, Usage};
use dsg_llm::{Budget, BudgetConfig, Budgeted, Prices, Recorded, ReplyStore, Scripted, reply_to};
use futures_util::future::join_all;
use serde_json::Value;
use tokio::time::sleep;

use crate::probe::Probe;
use crate::server::{question, request};

/// Says something for 100 tokens in and 10 out.
fn answer(request: &ChatRequest) -> ChatReply {
    ChatReply {
        usage: Usage {
            prompt_tokens: 100,
            cached_tokens: 0,
            completion_tokens: 10,
        },
        ..reply_to(request, "Yes.")
    }
}

fn model(budget: &Arc<Budget>, prices: Prices) -> Budgeted<Scripted> {
    let model = Scripted::new("m", |request| Ok(answer(request)));
    Budgeted::new(model, Arc::clone(budget), prices)
}

fn budget(config: BudgetConfig) -> Arc<Budget> {
    Arc::new(Budget::new(config).unwrap())
}

/// How often in a row a model can be asked until the budget is spent, and what it says then.
async fn affordable(config: BudgetConfig, prices: Prices) -> (usize, String) {
    let model = model(&budget(config), prices);
    for times in 0..100 {
        match model.complete(&question()).await {
            Ok(_) => {}
            Err(error) => {
                assert!(matches!(error, ChatError::BudgetSpent { .. }) && error.ends_run());
                return (times, error.to_string());
            }
        }
    }
    (100, String::new())
}

#[tokio::test]
async fn requests_tokens_and_money_are_limited() {
    let nothing = Prices::default();
    let requests = BudgetConfig {
        requests: Some(3),
        ..BudgetConfig::default()
    };
    let (times, error) = affordable(requests, nothing).await;
    assert_eq!(
        (times, error.contains("3 of 3 requests")),
        (3, true),
        "{error}"
    );
    let tokens = BudgetConfig {
        tokens: Some(500),
        ..BudgetConfig::default()
    };
    let (times, error) = affordable(tokens, nothing).await;
    assert_eq!(
        (times, error.contains("550 of 500 tokens")),
        (5, true),
        "{error}"
    );
    let prices = Prices {
        per_million_in: 1000.0,
        per_million_out: 10_000.0,
    };
    let money = BudgetConfig {
        money: Some(0.7),
        ..BudgetConfig::default()
    };
    let (times, error) = affordable(money, prices).await;
    assert_eq!(
        (times, error.contains("0.8000 of 0.7")),
        (4, true),
        "{error}"
    );
    assert_eq!(affordable(BudgetConfig::default(), prices).await.0, 100);
}

#[tokio::test(start_paused = true)]
async fn minutes_run_from_the_start() {
    let minutes = BudgetConfig {
        minutes: Some(1.5),
        ..BudgetConfig::default()
    };
    let model = model(&budget(minutes), Prices::default());
    sleep(Duration::from_secs(89)).await;
    assert!(model.complete(&question()).await.is_ok());
    sleep(Duration::from_secs(2)).await;
    let error = model.complete(&question()).await.unwrap_err();
    assert!(error.to_string().contains("1.5 minutes"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn only_what_is_under_way_exceeds_a_limit() {
    let config = BudgetConfig {
        tokens: Some(1),
        ..BudgetConfig::default()
    };
    let budget = budget(config);
    let probe = Probe::new(Duration::from_secs(1), |_, request| Ok(answer(request)));
    let model = Budgeted::new(probe, Arc::clone(&budget), Prices::default());
    let request = question();
    let outcomes = join_all((0..4).map(|_| model.complete(&request))).await;
    assert!(
        outcomes.iter().all(Result::is_ok),
        "they began before anything was spent"
    );
    assert!(model.complete(&request).await.is_err());
    assert_eq!(budget.spent().usage.prompt_tokens, 400);
    assert_eq!(budget.spent().requests, 4);
}

#[tokio::test]
async fn models_share_one_purse_and_recorded_replies_cost_nothing() {
    let config = BudgetConfig {
        requests: Some(2),
        ..BudgetConfig::default()
    };
    let budget = budget(config);
    let store = ReplyStore::in_memory().unwrap();
    let generator = Recorded::new(model(&budget, Prices::default()), store, Value::Null);
    let judge = model(&budget, Prices::default());
    for _ in 0..3 {
        assert!(generator.complete(&request("a")).await.is_ok());
    }
    assert!(judge.complete(&request("b")).await.is_ok());
    assert!(judge.complete(&request("c")).await.is_err());
    assert!(generator.complete(&request("a")).await.is_ok(), "recorded");
    assert!(generator.complete(&request("d")).await.is_err());
}

#[tokio::test]
async fn a_server_that_does_not_count_is_counted_by_bytes() {
    let budget = budget(BudgetConfig::default());
    let silent = Scripted::new("silent", |request| {
        Ok(ChatReply {
            usage: Usage::default(),
            ..reply_to(request, "eight by")
        })
    });
    let model = Budgeted::new(silent, Arc::clone(&budget), Prices::default());
    let reply = model.complete(&request(&"x".repeat(401))).await.unwrap();
    assert_eq!(
        reply.usage,
        Usage::default(),
        "what the server said is handed on"
    );
    let usage = budget.spent().usage;
    assert_eq!((usage.prompt_tokens, usage.completion_tokens), (101, 2));
}

#[test]
fn impossible_limits_are_refused() {
    for (config, field) in [
        (r#"{"minutes": -1}"#, "budget.minutes"),
        (r#"{"money": -0.5}"#, "budget.money"),
    ] {
        let config: BudgetConfig = serde_json::from_str(config).unwrap();
        let error = Budget::new(config).unwrap_err().to_string();
        assert!(error.contains(field), "{error}");
    }
    assert!(serde_json::from_str::<BudgetConfig>(r#"{"euros": 1}"#).is_err());
}
