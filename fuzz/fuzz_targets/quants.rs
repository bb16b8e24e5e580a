//! Blocks of every tensor type, and floats to be made blocks.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    dsg_fuzz::invariants::blocks(bytes);
});
