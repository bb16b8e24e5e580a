//! Files of the hub, against a server of the test that answers as the hub does.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use dsg_core::hash::sha256_hex;
use dsg_llm::{ApiKey, HttpConfig, HubConfig, LlmError};
use tempfile::TempDir;

const REPO: &str = "owner/repo";
const FILE: &str = "q4/a model.gguf";
const RESOLVE: &str = "/owner/repo/resolve/main/q4/a%20model.gguf";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const TOKEN: &str = "hf_very-secret-1234";

/// What was asked, as far as the hub looks at it.
#[derive(Clone, Debug, PartialEq)]
struct Asked {
    /// Method and path.
    line: String,
    range: Option<String>,
    authorization: Option<String>,
}

impl Asked {
    /// The byte from which on the content is wanted.
    fn from(&self) -> usize {
        let range = self.range.as_deref().unwrap_or("bytes=0-");
        let from = range.strip_prefix("bytes=").unwrap();
        from.strip_suffix('-').unwrap().parse().unwrap()
    }
}

/// Answers each request on a connection of its own, until it is dropped.
struct Hub {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    is_gone: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Hub {
    /// `answer` is shown the request and the server's own address.
    fn new(answer: impl Fn(&Asked, &str) -> Vec<u8> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let is_gone = Arc::new(AtomicBool::new(false));
        let (seen, stop) = (Arc::clone(&asked), Arc::clone(&is_gone));
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let mut stream = stream.unwrap();
                if let Some(request) = read(&mut stream) {
                    seen.lock().unwrap().push(request.clone());
                    // The client may have hung up on what it does not want.
                    let _ = stream.write_all(&answer(&request, &format!("http://{address}")));
                }
            }
        });
        Self {
            address,
            asked,
            is_gone,
            thread: Some(thread),
        }
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    fn lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.line).collect()
    }

    /// What speaks to this server and keeps its files in `home`.
    fn config(&self, home: &TempDir) -> HubConfig {
        HubConfig {
            endpoint: format!("http://{}", self.address),
            ..HubConfig::new(home.path().join("hub"))
        }
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.is_gone.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        self.thread.take().unwrap().join().unwrap();
    }
}

fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let mut part = [0_u8; 1024];
    while !bytes.ends_with(b"\r\n\r\n") {
        let read = stream.read(&mut part).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&part[..read]);
    }
    let head = String::from_utf8(bytes).unwrap();
    let value = |name: &str| {
        let header = head.lines().find(|line| {
            line.split_once(": ")
                .is_some_and(|(found, _)| found.eq_ignore_ascii_case(name))
        });
        Some(header?.split_once(": ")?.1.to_owned())
    };
    let line = head.lines().next().unwrap();
    Some(Asked {
        line: line.strip_suffix(" HTTP/1.1").unwrap().to_owned(),
        range: value("range"),
        authorization: value("authorization"),
    })
}

fn say(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut out = format!("HTTP/1.1 {status}\r\nconnection: close\r\n");
    for (name, value) in headers {
        write!(out, "{name}: {value}\r\n").unwrap();
    }
    if !headers.iter().any(|(name, _)| *name == "content-length") {
        write!(out, "content-length: {}\r\n", body.len()).unwrap();
    }
    out.push_str("\r\n");
    [out.as_bytes(), body].concat()
}

/// The redirect to the content, with what the hub says about it.
fn described(content: &[u8], location: &str) -> Vec<u8> {
    let etag = format!("\"{}\"", sha256_hex(content));
    let size = content.len().to_string();
    let headers = [
        ("x-repo-commit", COMMIT),
        ("x-linked-etag", &etag),
        ("x-linked-size", &size),
        ("etag", "\"of the redirect\""),
        ("location", location),
    ];
    say("302 Found", &headers, b"Found. Redirecting.")
}

/// The content from where it is wanted.
fn content_from(content: &[u8], from: usize) -> Vec<u8> {
    if from == 0 {
        return say("200 OK", &[], content);
    }
    let whole = content.len();
    let range = format!("bytes {from}-{}/{whole}", whole - 1);
    let headers = [("content-range", range.as_str())];
    say("206 Partial Content", &headers, &content[from..])
}

/// As the hub with one large file: its address redirects to another with the content.
fn as_the_hub(content: Vec<u8>) -> impl Fn(&Asked, &str) -> Vec<u8> + Send + 'static {
    move |asked, own| match asked.line.split_once(' ').unwrap() {
        (_, RESOLVE) => described(&content, &format!("{own}/content?signature=1")),
        ("GET", "/content?signature=1") => content_from(&content, asked.from()),
        _ => say(
            "404 Not Found",
            &[("x-error-message", "Entry not found")],
            b"",
        ),
    }
}

/// Bytes that are no pattern.
fn model() -> Vec<u8> {
    (0..100_000_u32)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect()
}

/// All files below.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut next = vec![folder.to_path_buf()];
    while let Some(folder) = next.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                next.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found
}

/// What a user is shown.
fn with_all_causes(error: &LlmError) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        write!(text, ": {cause}").unwrap();
        next = cause.source();
    }
    text
}

#[test]
fn a_file_is_fetched_once_and_then_found_without_anyone() {
    let home = TempDir::new().unwrap();
    let hub = Hub::new(as_the_hub(model()));
    let mut config = hub.config(&home);
    let path = config.fetch(REPO, FILE).unwrap();
    assert!(fs::read(&path).unwrap() == model());
    let expected = [
        format!("HEAD {RESOLVE}"),
        format!("GET {RESOLVE}"),
        "GET /content?signature=1".to_owned(),
    ];
    assert_eq!(hub.lines(), expected);
    drop(hub);
    assert_eq!(config.fetch(REPO, FILE).unwrap(), path);
    // Nor does it matter that the hub is elsewhere and may not be spoken to.
    config.endpoint = "https://huggingface.co".to_owned();
    assert_eq!(config.fetch(REPO, FILE).unwrap(), path);
    // The layout is the one that the hub's own programs know, and a cache can be moved.
    let inside = format!("hub/models--owner--repo/snapshots/{COMMIT}/{FILE}");
    assert_eq!(path, home.path().join(&inside));
    let elsewhere = TempDir::new().unwrap();
    fs::rename(home.path().join("hub"), elsewhere.path().join("hub")).unwrap();
    config.cache = elsewhere.path().join("hub");
    let moved = config.fetch(REPO, FILE).unwrap();
    assert!(fs::read(moved).unwrap() == model());
}

#[test]
fn another_machine_is_not_asked_unless_allowed() {
    let home = TempDir::new().unwrap();
    for (endpoint, host) in [
        ("https://huggingface.co", "huggingface.co"),
        ("http://hub.example.org:80/mirror", "hub.example.org"),
        ("http://192.0.2.1", "192.0.2.1"),
    ] {
        let config = HubConfig {
            endpoint: endpoint.to_owned(),
            ..HubConfig::new(home.path().join("hub"))
        };
        let error = config.fetch(REPO, FILE).unwrap_err();
        assert!(
            matches!(error, LlmError::FetchNotAllowed { .. }),
            "{error:?}"
        );
        let said = error.to_string();
        for part in [
            host,
            "hf://owner/repo/q4/a model.gguf",
            "--allow-remote",
            "fetch it yourself",
        ] {
            assert!(said.contains(part), "{said}");
        }
    }
    assert_eq!(files(home.path()), [] as [PathBuf; 0]);
}

#[test]
fn a_hub_on_this_machine_leads_to_no_other() {
    let home = TempDir::new().unwrap();
    let hub = Hub::new(|_, _| described(b"GGUF", "http://192.0.2.1/content"));
    let error = hub.config(&home).fetch(REPO, FILE).unwrap_err();
    assert!(
        matches!(&error, LlmError::FetchNotAllowed { host, .. } if host == "192.0.2.1"),
        "{error:?}"
    );
    assert!(
        !home
            .path()
            .join("hub/models--owner--repo/snapshots")
            .exists()
    );
}

#[test]
fn what_is_not_there_is_named() {
    let home = TempDir::new().unwrap();
    let hub = Hub::new(as_the_hub(model()));
    let error = hub.config(&home).fetch(REPO, "other.gguf").unwrap_err();
    let said = error.to_string();
    for part in [
        "hf://owner/repo/other.gguf",
        "knows no such file or repository",
        "Entry not found",
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(files(home.path()), [] as [PathBuf; 0]);
}

/// Cuts the first content in the middle, under a length that promises all of it, and says where a second try begins.
fn cut_then_resumed(knows_ranges: bool) -> Vec<Option<String>> {
    let home = TempDir::new().unwrap();
    let content = model();
    let whole = as_the_hub(content.clone());
    let was_cut = AtomicBool::new(false);
    let half = content.len() / 2;
    let hub = Hub::new(move |asked, own| {
        if !asked.line.contains("/content") {
            return whole(asked, own);
        }
        if !was_cut.swap(true, Ordering::SeqCst) {
            let length = content.len().to_string();
            return say("200 OK", &[("content-length", &length)], &content[..half]);
        }
        let from = if knows_ranges { asked.from() } else { 0 };
        content_from(&content, from)
    });
    let config = hub.config(&home);
    let error = config.fetch(REPO, FILE).unwrap_err();
    let said = error.to_string();
    assert!(
        said.contains(&format!("ended after {half} of {} bytes", model().len())),
        "{said}"
    );
    let repo = home.path().join("hub/models--owner--repo");
    let part = format!("blobs/{}.incomplete", sha256_hex(&model()));
    assert_eq!(files(&repo), [repo.join(part)]);

    let path = config.fetch(REPO, FILE).unwrap();
    assert!(fs::read(path).unwrap() == model());
    let contents = hub.asked().into_iter();
    contents
        .filter(|asked| asked.line.contains("/content"))
        .map(|asked| asked.range)
        .collect()
}

#[test]
fn a_cut_download_is_never_taken_for_the_file_and_goes_on_where_it_ended() {
    let half = Some(format!("bytes={}-", model().len() / 2));
    assert_eq!(cut_then_resumed(true), [None, half.clone()]);
    assert_eq!(cut_then_resumed(false), [None, half]);
}

#[test]
fn damaged_content_is_thrown_away() {
    let home = TempDir::new().unwrap();
    let right = as_the_hub(model());
    let was_damaged = AtomicBool::new(false);
    let hub = Hub::new(move |asked, own| {
        let mut answer = right(asked, own);
        if asked.line.contains("/content") && !was_damaged.swap(true, Ordering::SeqCst) {
            *answer.last_mut().unwrap() ^= 1;
        }
        answer
    });
    let config = hub.config(&home);
    let error = config.fetch(REPO, FILE).unwrap_err().to_string();
    assert!(error.contains("SHA-256"), "{error}");
    let repo = home.path().join("hub/models--owner--repo");
    assert_eq!(files(&repo), [] as [PathBuf; 0]);
    assert!(fs::read(config.fetch(REPO, FILE).unwrap()).unwrap() == model());
}

#[test]
fn more_than_was_told_is_refused() {
    let home = TempDir::new().unwrap();
    let right = as_the_hub(model());
    let hub = Hub::new(move |asked, own| {
        if asked.line.contains("/content") {
            say("200 OK", &[], &[model(), model()].concat())
        } else {
            right(asked, own)
        }
    });
    let error = hub.config(&home).fetch(REPO, FILE).unwrap_err().to_string();
    assert!(error.contains("more than the 400000 bytes"), "{error}");
    let blobs = files(&home.path().join("hub/models--owner--repo"));
    assert!(
        blobs
            .iter()
            .all(|path| fs::metadata(path).unwrap().len() == 0)
    );
}

#[test]
fn a_small_file_of_a_repository_that_was_renamed_comes_too() {
    let home = TempDir::new().unwrap();
    let hub = Hub::new(|asked, _| match asked.line.split_once(' ').unwrap() {
        (_, RESOLVE) => {
            let location = [("location", "/new/repo/resolve/main/x")];
            say("307 Temporary Redirect", &location, b"")
        }
        (method, "/new/repo/resolve/main/x") => {
            let headers = [
                ("x-repo-commit", COMMIT),
                ("etag", "\"6d7e8f\""),
                ("content-length", "5"),
            ];
            let body = if method == "HEAD" { b"" } else { &b"small"[..] };
            say("200 OK", &headers, body)
        }
        _ => say("404 Not Found", &[], b""),
    });
    let path = hub.config(&home).fetch(REPO, FILE).unwrap();
    assert_eq!(fs::read(path).unwrap(), b"small");
}

#[test]
fn the_token_goes_to_the_hub_alone_and_is_never_shown() {
    let home = TempDir::new().unwrap();
    let content = Hub::new(|asked, _| content_from(&model(), asked.from()));
    let location = format!("http://{}/content", content.address);
    let hub = Hub::new(move |asked, _| {
        if asked.line.contains("closed") {
            say("401 Unauthorized", &[("x-error-message", TOKEN)], b"")
        } else {
            described(&model(), &location)
        }
    });
    let config = HubConfig {
        token: Some(ApiKey::new(TOKEN)),
        ..hub.config(&home)
    };
    config.fetch(REPO, FILE).unwrap();
    let bearer = Some(format!("Bearer {TOKEN}"));
    assert!(
        hub.asked()
            .iter()
            .all(|asked| asked.authorization == bearer)
    );
    assert_eq!(hub.asked().len(), 2);
    assert_eq!(content.asked()[0].authorization, None);

    let error = config.fetch("owner/closed", "a.gguf").unwrap_err();
    let said = with_all_causes(&error);
    assert!(said.contains("hf://owner/closed/a.gguf"), "{said}");
    assert!(said.contains("HF_TOKEN"), "{said}");
    for text in [said, format!("{error:?}"), format!("{config:?}")] {
        assert!(!text.contains("secret"), "{text}");
    }
}

#[test]
fn two_who_want_the_same_file_fetch_it_once() {
    let home = TempDir::new().unwrap();
    let hub = Hub::new(as_the_hub(model()));
    let config = hub.config(&home);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope
                .spawn(|| assert!(fs::read(config.fetch(REPO, FILE).unwrap()).unwrap() == model()));
        }
    });
    let is_content = |line: &&String| line.contains("/content");
    assert_eq!(hub.lines().iter().filter(is_content).count(), 1);
}

#[test]
fn names_and_addresses_that_cannot_be_are_refused_at_once() {
    let home = TempDir::new().unwrap();
    let hub = Hub::new(as_the_hub(model()));
    let config = hub.config(&home);
    for (repo, file) in [
        ("owner", "repo/a.gguf"),
        ("../..", "a.gguf"),
        ("owner/repo", "../a.gguf"),
        ("owner/repo", ""),
        ("owner/repo", "/etc/passwd"),
    ] {
        let error = config.fetch(repo, file).unwrap_err();
        assert!(matches!(error, LlmError::Config { .. }), "{error:?}");
    }
    for endpoint in [
        "huggingface.co",
        "ftp://127.0.0.1",
        "http://me:secret@127.0.0.1",
        "http://127.0.0.1/?a",
    ] {
        let config = HubConfig {
            endpoint: endpoint.to_owned(),
            http: HttpConfig {
                allow_remote: true,
                ..HttpConfig::default()
            },
            ..config.clone()
        };
        let error = config.fetch(REPO, FILE).unwrap_err();
        assert!(matches!(error, LlmError::Config { .. }), "{error:?}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    assert!(hub.asked().is_empty());
}

#[test]
fn a_server_that_is_no_hub_is_an_error_of_this_file() {
    let home = TempDir::new().unwrap();
    for (answer, part) in [
        (say("200 OK", &[], b"hello"), "it is no hub"),
        (say("503 Service Unavailable", &[], b""), "503"),
        (
            say("302 Found", &[("location", RESOLVE)], b""),
            "redirected more than",
        ),
        (b"SSH-2.0\r\n".to_vec(), "did not answer"),
    ] {
        let hub = Hub::new(move |_, _| answer.clone());
        let error = hub.config(&home).fetch(REPO, FILE).unwrap_err();
        let said = with_all_causes(&error);
        assert!(said.contains(part), "{said}");
        assert!(said.contains("hf://owner/repo/"), "{said}");
    }
}
