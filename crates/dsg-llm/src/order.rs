//! Many requests at once, replies in their order.

use dsg_core::{ChatError, ChatModel, ChatReply, ChatRequest};
use futures_util::{Stream, StreamExt as _, stream};

/// Asks `model` for every request, `concurrency` (at least 1) of them at a time. Outcomes come in the order of the requests,
/// whatever the order of the replies. Requests are drawn from the iterator as they are sent, so that memory holds `concurrency`
/// of them; dropping the stream cancels what is under way.
///
/// Where a [`stack`](crate::stack()) limits the calls, twice its limit keeps the server busy while other replies are stored or wait for
/// their turn.
pub fn in_order<'a, M, I>(
    model: &'a M,
    requests: I,
    concurrency: usize,
) -> impl Stream<Item = Result<ChatReply, ChatError>> + 'a
where
    M: ChatModel + ?Sized,
    I: IntoIterator<Item = ChatRequest>,
    I::IntoIter: 'a,
{
    stream::iter(requests)
        .map(move |request| async move { model.complete(&request).await })
        .buffered(concurrency.max(1))
}
