//! Files packed with gzip, as man pages are installed.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::MultiGzDecoder;

use crate::error::FileError;

/// The name inside `path`: without `.gz`, where it has one.
pub(crate) fn inner_name(path: &str) -> &str {
    match path.rsplit_once('.') {
        Some((inner, extension)) if extension.eq_ignore_ascii_case("gz") => inner,
        _ => path,
    }
}

/// The bytes inside the file at `path`; never more than `limit`.
pub(crate) fn unpacked<'a>(
    path: &str,
    bytes: &'a [u8],
    limit: u64,
) -> Result<Cow<'a, [u8]>, FileError> {
    if inner_name(path).len() == path.len() {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut inner = Vec::new();
    // One byte more than allowed, so that a bomb is seen and not inflated.
    MultiGzDecoder::new(bytes)
        .take(limit.saturating_add(1))
        .read_to_end(&mut inner)
        .map_err(|error| FileError::Unreadable {
            path: path.to_owned(),
            message: format!("it is no sound gzip file: {error}"),
        })?;
    if inner.len() as u64 > limit {
        return Err(FileError::TextTooLarge {
            path: path.to_owned(),
            limit,
        });
    }
    Ok(Cow::Owned(inner))
}
