//! Model files.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    dsg_fuzz::invariants::model(bytes);
});
