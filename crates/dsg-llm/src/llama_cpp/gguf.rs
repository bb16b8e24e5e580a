//! A look at a GGUF file's header before llama.cpp reads it: some damage there is an error to this reader, and the end of the
//! process to that one.

use std::collections::HashSet;
use std::io::{self, BufRead, Read};

/// Bytes of a text in a header at most; templates and tokens have thousands.
const MOST_TEXT: u64 = 1 << 24;
/// Tokens of a vocabulary at most.
const MOST_TOKENS: u64 = 1 << 24;
/// Versions whose layout this reader knows; others are llama.cpp's to refuse.
const VERSIONS: [u32; 2] = [2, 3];

const TEXT: u32 = 8;
const LIST: u32 = 9;

/// Reads the header behind the file's first four bytes.
///
/// # Errors
/// The problem, where the header ends early, is impossible, or has a vocabulary that cannot be used.
pub(super) fn check(file: impl BufRead) -> Result<(), String> {
    let mut header = Header(file);
    match header.check() {
        Ok(outcome) => outcome.map_err(str::to_owned),
        Err(error) => Err(format!("its header is cut or damaged ({error})")),
    }
}

struct Header<R>(R);

impl<R: BufRead> Header<R> {
    fn check(&mut self) -> io::Result<Result<(), &'static str>> {
        if !VERSIONS.contains(&self.u32()?) {
            return Ok(Ok(()));
        }
        let _tensors = self.u64()?;
        for _ in 0..self.u64()? {
            let key = self.text()?;
            let kind = self.u32()?;
            match (key.as_slice(), kind) {
                (b"tokenizer.ggml.tokens", LIST) => {
                    if !self.tokens_differ()? {
                        return Ok(Err("its vocabulary is damaged: a token is there twice"));
                    }
                }
                (b"tokenizer.ggml.model", TEXT) => {
                    if matches!(self.text()?.as_slice(), b"" | b"none" | b"no_vocab") {
                        return Ok(Err("has no vocabulary"));
                    }
                }
                _ => self.skip(kind)?,
            }
        }
        Ok(Ok(()))
    }

    /// Whether all tokens of a list differ, as llama.cpp reads them: to their first NUL byte, with empty ones apart.
    fn tokens_differ(&mut self) -> io::Result<bool> {
        let (kind, count) = (self.u32()?, self.u64()?);
        if kind != TEXT || count > MOST_TOKENS {
            return Err(io::Error::other("no list of tokens"));
        }
        let mut seen = HashSet::new();
        for _ in 0..count {
            let mut token = self.text()?;
            if let Some(end) = token.iter().position(|byte| *byte == 0) {
                token.truncate(end);
            }
            if !token.is_empty() && !seen.insert(token) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn skip(&mut self, kind: u32) -> io::Result<()> {
        let (kind, count) = match kind {
            LIST => (self.u32()?, self.u64()?),
            kind => (kind, 1),
        };
        if kind == TEXT {
            for _ in 0..count {
                self.text()?;
            }
            return Ok(());
        }
        let size: u64 = match kind {
            0 | 1 | 7 => 1,
            2 | 3 => 2,
            4..=6 => 4,
            10..=12 => 8,
            _ => return Err(io::Error::other(format!("no type {kind}"))),
        };
        let bytes = count.checked_mul(size);
        let bytes = bytes.ok_or_else(|| io::Error::other(format!("a list of {count}")))?;
        let skipped = io::copy(&mut self.0.by_ref().take(bytes), &mut io::sink())?;
        if skipped == bytes {
            Ok(())
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }

    fn text(&mut self) -> io::Result<Vec<u8>> {
        let length = self.u64()?;
        if length > MOST_TEXT {
            return Err(io::Error::other(format!("a text of {length} bytes")));
        }
        let mut text = Vec::new();
        self.0.by_ref().take(length).read_to_end(&mut text)?;
        if text.len() as u64 == length {
            Ok(text)
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }

    fn u32(&mut self) -> io::Result<u32> {
        let mut bytes = [0; 4];
        self.0.read_exact(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn u64(&mut self) -> io::Result<u64> {
        let mut bytes = [0; 8];
        self.0.read_exact(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Vec<u8> {
        let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
        bytes.extend(text.as_bytes());
        bytes
    }

    /// A header of version 3 with a number, a list of numbers and a vocabulary.
    fn header(tokens: &[&str]) -> Vec<u8> {
        let number = |number: u32| number.to_le_bytes().to_vec();
        let count = |count: usize| (count as u64).to_le_bytes().to_vec();
        let mut bytes = [number(3), count(0), count(3)].concat();
        bytes.extend([text("a"), number(4), number(7)].concat());
        bytes.extend([text("b"), number(LIST), number(2), count(2), number(9)].concat());
        let key = "tokenizer.ggml.tokens";
        bytes.extend([text(key), number(LIST), number(TEXT), count(tokens.len())].concat());
        for token in tokens {
            bytes.extend(text(token));
        }
        bytes
    }

    #[test]
    fn a_sound_header_passes_and_every_cut_is_found() {
        let whole = header(&["a", "b", "", ""]);
        assert_eq!(check(whole.as_slice()), Ok(()));
        for end in 0..whole.len() {
            assert!(check(&whole[..end]).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn a_token_that_is_there_twice_is_found() {
        for tokens in [["a", "b", "a"], ["a", "b\0c", "b\0d"]] {
            let problem = check(header(&tokens).as_slice()).unwrap_err();
            assert!(problem.contains("twice"), "{problem}");
        }
    }

    #[test]
    fn impossible_sizes_take_no_memory() {
        let mut bytes = header(&[]);
        bytes[20..28].fill(0xff);
        assert!(check(bytes.as_slice()).unwrap_err().contains("a text of"));
    }
}
