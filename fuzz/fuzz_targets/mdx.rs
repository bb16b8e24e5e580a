//! MDX.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    if std::str::from_utf8(bytes).is_err() {
        return Corpus::Reject;
    }
    dsg_fuzz::invariants::file("page.mdx", bytes);
    Corpus::Keep
});
