//! man pages in roff.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    if std::str::from_utf8(bytes).is_err() {
        return Corpus::Reject;
    }
    // Without a macro of its kind near the top it is no man page.
    let mut page = b".TH page 1\n".to_vec();
    page.extend_from_slice(bytes);
    dsg_fuzz::invariants::file("page.1", &page);
    Corpus::Keep
});
