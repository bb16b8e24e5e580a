//! The two hashes in use: SHA-256 where a user may audit a file, XXH3-128 inside.

use std::io::{self, Read};

use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::{Xxh3Default, xxh3_64_with_seed, xxh3_128};

/// SHA-256 of `bytes`, 64 lower-case hex digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 of everything `reader` yields, read in blocks so that memory stays bounded.
///
/// # Errors
/// What the reader returns.
pub fn sha256_reader(reader: impl Read) -> io::Result<String> {
    let mut hasher = Sha256::new();
    each_block(reader, |block| hasher.update(block))?;
    Ok(hex(&hasher.finalize()))
}

/// XXH3-128 of `bytes`, 32 lower-case hex digits.
pub fn xxh3_hex(bytes: &[u8]) -> String {
    format!("{:032x}", xxh3_128(bytes))
}

/// XXH3-128 of everything `reader` yields, as [`xxh3_hex`]; read in blocks so that memory stays bounded.
///
/// # Errors
/// What the reader returns.
pub fn xxh3_reader(reader: impl Read) -> io::Result<String> {
    let mut hasher = Xxh3Default::new();
    each_block(reader, |block| hasher.update(block))?;
    Ok(format!("{:032x}", hasher.digest128()))
}

/// XXH3-64 of `bytes` under `seed`.
pub fn xxh3_64(bytes: &[u8], seed: u64) -> u64 {
    xxh3_64_with_seed(bytes, seed)
}

fn each_block(mut reader: impl Read, mut on_block: impl FnMut(&[u8])) -> io::Result<()> {
    let mut block = vec![0_u8; 1 << 16];
    loop {
        let n = reader.read(&mut block)?;
        if n == 0 {
            return Ok(());
        }
        on_block(block.get(..n).unwrap_or_default());
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
            let _ = write!(out, "{byte:02x}");
            out
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha256_of_nothing_is_the_known_value() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(sha256_hex(b""), empty);
        assert_eq!(sha256_reader(io::empty()).unwrap(), empty);
    }

    #[test]
    fn a_reader_has_the_hash_of_its_bytes() {
        let bytes: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        assert_eq!(xxh3_reader(bytes.as_slice()).unwrap(), xxh3_hex(&bytes));
        assert_eq!(sha256_reader(bytes.as_slice()).unwrap(), sha256_hex(&bytes));
    }
}
