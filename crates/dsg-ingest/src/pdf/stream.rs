//! Streams, inflated within bounds.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::{DeflateDecoder, ZlibDecoder};
use hayro_syntax::Filter;
use hayro_syntax::object::dict::keys::{DECODE_PARMS, DP, PREDICTOR};
use hayro_syntax::object::{Dict, Stream};
use memchr::memmem;

use super::Problem;
use super::budget::{Budget, IMAGE_BYTES, STREAM_BYTES};

/// How much a filter can blow data up.
const fn expansion(filter: Filter) -> usize {
    match filter {
        Filter::FlateDecode => 1032,
        Filter::LzwDecode => 2731,
        Filter::RunLengthDecode => 64,
        Filter::Ascii85Decode => 4,
        _ => 1,
    }
}

/// Refuses a file with a stream that inflates beyond bounds, before any library inflates it whole.
pub(super) fn check(file: &[u8], budget: &mut Budget) -> Result<(), Problem> {
    for at in memmem::find_iter(file, b"stream") {
        let rest = file.get(at + 6..).unwrap_or_default();
        let ([b'\r', b'\n', data @ ..] | [b'\n' | b'\r', data @ ..]) = rest else {
            continue;
        };
        // RFC 1950: method 8, and the first two bytes are a multiple of 31.
        let [first, second, ..] = data else { continue };
        if first & 0x0f != 8 || !u16::from_be_bytes([*first, *second]).is_multiple_of(31) {
            continue;
        }
        let dict = file.get(at.saturating_sub(512)..at).unwrap_or_default();
        let dict = memmem::rfind(dict, b"obj").map_or(dict, |obj| dict.get(obj..).unwrap_or(dict));
        let limit = if memmem::find(dict, b"/Image").is_some() {
            IMAGE_BYTES
        } else {
            STREAM_BYTES
        };
        let size = inflated_size(data, limit);
        budget.inflated(size)?;
        if size > limit {
            return Err(Problem::OverLimit {
                what: "bytes in one inflated stream",
                limit: limit as u64,
            });
        }
    }
    Ok(())
}

fn inflated_size(data: &[u8], limit: usize) -> usize {
    let mut decoder = ZlibDecoder::new(data);
    let mut buffer = [0; 16 << 10];
    let mut size = 0;
    while size <= limit {
        match decoder.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(read) => size += read,
        }
    }
    size
}

/// The content of `stream`; what is damaged beyond repair is empty.
pub(super) fn content<'a>(
    stream: &Stream<'a>,
    budget: &mut Budget,
) -> Result<Cow<'a, [u8]>, Problem> {
    let filters = stream.filters();
    let over = || Problem::OverLimit {
        what: "bytes in one inflated stream",
        limit: STREAM_BYTES as u64,
    };
    let data = match filters.as_slice() {
        [] => stream.raw_data(),
        [Filter::FlateDecode] if !has_predictor(stream.dict()) => {
            Cow::Owned(inflate(&stream.raw_data()).ok_or_else(over)?)
        }
        filters => {
            let bound = filters
                .iter()
                .fold(stream.raw_data().len(), |size, filter| {
                    size.saturating_mul(expansion(*filter))
                });
            if bound > STREAM_BYTES * 4 {
                return Err(over());
            }
            stream.decoded_data().unwrap_or_default()
        }
    };
    budget.content(data.len())?;
    Ok(data)
}

/// `data` inflated as far as it goes; `None` when it goes too far.
fn inflate(data: &[u8]) -> Option<Vec<u8>> {
    let limit = STREAM_BYTES as u64 + 1;
    let mut out = Vec::with_capacity(data.len().saturating_mul(4).min(STREAM_BYTES));
    // A stream cut short still gives what came before.
    let whole = ZlibDecoder::new(data).take(limit).read_to_end(&mut out);
    if whole.is_err() && out.is_empty() {
        let _rest = DeflateDecoder::new(data).take(limit).read_to_end(&mut out);
    }
    (out.len() <= STREAM_BYTES).then_some(out)
}

fn has_predictor(dict: &Dict<'_>) -> bool {
    let parms = dict.get::<Dict<'_>>(DECODE_PARMS).or_else(|| dict.get(DP));
    parms.is_some_and(|parms| parms.get::<i32>(PREDICTOR).unwrap_or(1) > 1)
}
