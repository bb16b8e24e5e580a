//! Compressed man pages, as distributions install them.

use std::borrow::Cow;
use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

/// `bytes` as they were before compression, at most one byte more than `limit`; as they are when they are no gzip.
///
/// # Errors
/// What is wrong with a damaged or truncated file.
pub(crate) fn inflated(bytes: &[u8], limit: u64) -> io::Result<Cow<'_, [u8]>> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut out = Vec::new();
    MultiGzDecoder::new(bytes)
        .take(limit.saturating_add(1))
        .read_to_end(&mut out)?;
    Ok(Cow::Owned(out))
}
