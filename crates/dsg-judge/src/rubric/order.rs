//! Many items at once, what comes of them in their order.

use std::cell::Cell;
use std::pin::pin;

use futures_util::stream::{self, StreamExt as _};

use crate::rubric::error::ModelJudgeError;

/// Does `ask` for every item, `concurrency` of them at a time, and calls `done` after each with how many are done.
///
/// # Errors
/// The first in the order of the items. No item is begun after it, and what is under way then is waited for, so that models
/// which record their replies repeat none of them in the next run.
pub(crate) async fn in_order<I, T, F>(
    items: impl IntoIterator<Item = I>,
    concurrency: usize,
    ask: impl Fn(I) -> F,
    mut done: impl FnMut(u64),
) -> Result<Vec<T>, ModelJudgeError>
where
    F: Future<Output = Result<T, ModelJudgeError>>,
{
    let stopped = Cell::new(false);
    let wanted = items.into_iter().take_while(|_| !stopped.get());
    let mut replies = pin!(stream::iter(wanted).map(ask).buffered(concurrency));
    let (mut kept, mut failure) = (Vec::new(), None);
    let mut count = 0;
    while let Some(reply) = replies.next().await {
        match reply {
            Ok(reply) => kept.push(reply),
            Err(error) => {
                stopped.set(true);
                failure.get_or_insert(error);
            }
        }
        count += 1;
        done(count);
    }
    match failure {
        Some(error) => Err(error),
        None => Ok(kept),
    }
}
