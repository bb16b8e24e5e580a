//! Any bytes under any name: encodings, format detection, front matter.
#![no_main]

use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 8] = [
    "a.md", "a.rst", "a.html", "a.1", "a.txt", "README", "noextension", "a.xhtml",
];
const STARTS: [&[u8]; 8] = [
    b"", b"---\n", b"+++\n", b"\xef\xbb\xbf---\n", b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\0\0", b"{\n",
];

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else {
        return;
    };
    let mut file = STARTS[usize::from(first >> 3) % STARTS.len()].to_vec();
    file.extend_from_slice(rest);
    dsg_fuzz::invariants::file(NAMES[usize::from(first & 7)], &file);
});
