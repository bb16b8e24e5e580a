//! How many calls go on at once.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dsg_core::{ChatError, ChatModel as _};
use dsg_llm::{Limited, reply_to};
use futures_util::future::join_all;
use tokio::time::timeout;

use crate::probe::{Probe, busy};
use crate::server::question;

const TAKES: Duration = Duration::from_secs(1);

/// A model that is busy while `is_busy` says so, and its limits.
fn limited(most: usize) -> (Limited<Arc<Probe>>, Arc<Probe>, Arc<AtomicBool>) {
    let is_busy = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&is_busy);
    let probe = Arc::new(Probe::new(TAKES, move |_, request| {
        if asked.load(Ordering::Relaxed) {
            Err(busy(None))
        } else {
            Ok(reply_to(request, "Yes."))
        }
    }));
    let most = NonZeroUsize::new(most).unwrap();
    (Limited::new(Arc::clone(&probe), most), probe, is_busy)
}

/// Asks so many times at once; how many got a reply.
async fn ask(model: &Limited<Arc<Probe>>, times: usize) -> usize {
    let request = question();
    let outcomes = join_all((0..times).map(|_| model.complete(&request))).await;
    outcomes.iter().filter(|outcome| outcome.is_ok()).count()
}

#[tokio::test(start_paused = true)]
async fn no_more_calls_go_on_than_allowed_and_all_come_through() {
    let (model, probe, _) = limited(8);
    assert_eq!(ask(&model, 50).await, 50);
    assert_eq!(probe.most(), 8);
    assert_eq!(model.width(), 8);
}

#[tokio::test(start_paused = true)]
async fn a_busy_server_is_asked_half_as_much_once_a_round_and_never_less_than_one_at_a_time() {
    let (model, _, is_busy) = limited(8);
    is_busy.store(true, Ordering::Relaxed);
    let mut widths = Vec::new();
    for _ in 0..5 {
        let now = model.width();
        assert_eq!(ask(&model, now).await, 0);
        widths.push(model.width());
    }
    assert_eq!(widths, [4, 2, 1, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_width_that_shrank_while_calls_were_out_holds_for_the_next_ones() {
    // The first of eight is busy while the others are out; of the next ones no more than four may go on.
    let probe = Arc::new(Probe::new(TAKES, |nth, request| match nth {
        0 => Err(busy(None)),
        _ => Ok(reply_to(request, "Yes.")),
    }));
    let model = Limited::new(Arc::clone(&probe), NonZeroUsize::new(8).unwrap());
    assert_eq!(ask(&model, 20).await, 19);
    let began = probe.began();
    let at_once = |nth: usize| began.iter().filter(|at| **at == began[nth]).count();
    assert_eq!((at_once(0), at_once(8)), (8, 4));
}

#[tokio::test(start_paused = true)]
async fn replies_widen_it_again_up_to_the_maximum() {
    let (model, _, is_busy) = limited(4);
    is_busy.store(true, Ordering::Relaxed);
    ask(&model, 4).await;
    ask(&model, 2).await;
    assert_eq!(model.width(), 1);
    is_busy.store(false, Ordering::Relaxed);
    for (replies, width) in [(1, 2), (1, 2), (1, 3), (3, 4), (10, 4)] {
        assert_eq!(ask(&model, replies).await, replies);
        assert_eq!(model.width(), width);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_gives_its_place_back() {
    let (model, _, _) = limited(2);
    let request = question();
    for _ in 0..5 {
        let short = timeout(
            TAKES / 2,
            join_all((0..4).map(|_| model.complete(&request))),
        );
        assert!(
            short.await.is_err(),
            "cancelled while two ran and two waited"
        );
    }
    assert_eq!(model.width(), 2);
    assert_eq!(ask(&model, 6).await, 6);
}

#[tokio::test(start_paused = true)]
async fn what_the_request_is_to_blame_for_changes_nothing() {
    let probe = Probe::new(TAKES, |_, _| {
        Err(ChatError::Rejected {
            model: "probe".to_owned(),
            detail: "too large".to_owned(),
        })
    });
    let model = Limited::new(probe, NonZeroUsize::new(8).unwrap());
    assert!(model.complete(&question()).await.is_err());
    assert_eq!(model.width(), 8);
}
