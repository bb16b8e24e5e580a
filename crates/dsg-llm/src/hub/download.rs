//! One file of the hub, brought into its cache.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use dsg_core::ChatError;
use dsg_core::hash::sha256_reader;
use hf_hub::CacheRepo;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap};
use hyper::{Method, Response, StatusCode, Uri};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::HubConfig;
use crate::error::LlmError;
use crate::http::Http;
use crate::page::message_of;

/// Redirects that are followed for one request; the hub itself needs two.
const MAX_REDIRECTS: usize = 5;
/// What a file's name may hold and an address may not.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A file that is not in the cache.
pub(super) struct Download<'a> {
    config: &'a HubConfig,
    /// As the user wrote it, for errors.
    name: String,
    file: &'a str,
    place: Place,
    entry: &'a CacheRepo,
    /// The repository's folder in the cache.
    folder: &'a Path,
}

/// A server and what is asked of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    /// Scheme, host and port.
    origin: String,
    /// Path and query.
    path: String,
}

/// What the hub says about a file before it sends it.
#[derive(Debug, PartialEq, Eq)]
struct Metadata {
    commit: String,
    /// The name of the content: its SHA-256 for large files, git's hash for small ones.
    etag: String,
    size: u64,
}

impl<'a> Download<'a> {
    pub(super) fn new(
        config: &'a HubConfig,
        name: String,
        (repo, file): (&str, &'a str),
        entry: &'a CacheRepo,
        folder: &'a Path,
    ) -> Result<Self, LlmError> {
        let base = config.endpoint.trim_end_matches('/');
        let complain = || {
            let problem = format!("`{base}` must be an address such as `https://huggingface.co`");
            LlmError::config("HF_ENDPOINT", problem)
        };
        // An address with a password in it is not shown.
        if base.contains(['@', '?', '#']) {
            let problem = "must carry no user name, password, query or fragment";
            return Err(LlmError::config("HF_ENDPOINT", problem));
        }
        let path = format!("{repo}/resolve/main/{file}");
        let address = format!("{base}/{}", utf8_percent_encode(&path, ESCAPED));
        Ok(Self {
            place: Place::parse(&address).ok_or_else(complain)?,
            config,
            name,
            file,
            entry,
            folder,
        })
    }

    /// The file's path in the cache, once it is there.
    pub(super) async fn run(&self) -> Result<PathBuf, LlmError> {
        let (server, head) = self.ask(Method::HEAD, 0).await?;
        let metadata = Metadata::of(&head)
            .map_err(|problem| self.failed(format!("{} {problem}", server.who())))?;
        let path = self.entry.pointer_path(&metadata.commit).join(self.file);
        let _lock = self.lock(&metadata.etag)?;
        // Another process may have fetched it by now.
        if !path.is_file() {
            let blobs = self.folder.join("blobs");
            let blob = blobs.join(&metadata.etag);
            // It may be the same as in another commit.
            if !blob.is_file() {
                fs::create_dir_all(&blobs).map_err(self.unwritten(&blobs))?;
                let part = blobs.join(format!("{}.incomplete", metadata.etag));
                self.complete(&metadata, &part).await?;
                fs::rename(&part, &blob).map_err(self.unwritten(&blob))?;
            }
            self.link(&blob, &path).map_err(self.unwritten(&path))?;
        }
        self.entry
            .create_ref(&metadata.commit)
            .map_err(self.unwritten(self.folder))?;
        Ok(path)
    }

    /// Gives the content its name in a commit.
    fn link(&self, blob: &Path, path: &Path) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        // A link whose content somebody removed.
        if path.is_symlink() {
            fs::remove_file(path)?;
        }
        point(self.folder, blob, path)
    }

    /// The error for what cannot be written to the cache.
    fn unwritten(&self, path: &Path) -> impl FnOnce(io::Error) -> LlmError {
        let problem = format!("{} cannot be written", path.display());
        let file = self.name.clone();
        move |source| LlmError::Fetch {
            file,
            problem,
            source: Some(source.into()),
        }
    }

    /// Held while the content is fetched; the same file that the hub's own programs lock.
    fn lock(&self, etag: &str) -> Result<File, LlmError> {
        let repo = self.folder.file_name().unwrap_or_default();
        let folder = self.config.cache.join(".locks").join(repo);
        let path = folder.join(format!("{etag}.lock"));
        let locked = || {
            fs::create_dir_all(&folder)?;
            let file = File::create(&path)?;
            match file.lock() {
                // Some network file systems know no locks; where two then write to one part, its hash is wrong.
                Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(file),
                done => done.map(|()| file),
            }
        };
        locked().map_err(self.unwritten(&path))
    }

    /// Fills `part` up to the whole, right content.
    async fn complete(&self, metadata: &Metadata, part: &Path) -> Result<(), LlmError> {
        let size = metadata.size;
        let mut out = OpenOptions::new()
            .create(true)
            .append(true)
            .open(part)
            .map_err(self.unwritten(part))?;
        let mut have = out.metadata().map_err(self.unwritten(part))?.len();
        if have > size {
            out.set_len(0).map_err(self.unwritten(part))?;
            have = 0;
        }
        if have < size {
            self.append(size, have, part, &mut out).await?;
        }
        out.sync_all().map_err(self.unwritten(part))?;
        let is_sha256 =
            metadata.etag.len() == 64 && metadata.etag.bytes().all(|b| b.is_ascii_hexdigit());
        if is_sha256 {
            let found = File::open(part)
                .and_then(sha256_reader)
                .map_err(self.unwritten(part))?;
            if !found.eq_ignore_ascii_case(&metadata.etag) {
                fs::remove_file(part).map_err(self.unwritten(part))?;
                return Err(self.failed(format!(
                    "what came is damaged: its SHA-256 is {found} where it should be {}; the next try begins anew",
                    metadata.etag
                )));
            }
        }
        Ok(())
    }

    /// Writes what `have` lacks of `size` bytes.
    async fn append(
        &self,
        size: u64,
        mut have: u64,
        part: &Path,
        out: &mut File,
    ) -> Result<(), LlmError> {
        let (server, response) = self.ask(Method::GET, have).await?;
        let is_rest = response.status() == StatusCode::PARTIAL_CONTENT;
        if is_rest && begins_at(response.headers()) != Some(have) {
            return Err(self.failed(format!("{} sends another part than asked", server.who())));
        }
        if !is_rest && have > 0 {
            // The server knows no ranges.
            out.set_len(0).map_err(self.unwritten(part))?;
            have = 0;
        }
        let mut body = response.into_body();
        let mut is_first = true;
        let broken = loop {
            let frame = match server.within_limit(is_first, body.frame()).await {
                Ok(None) => break None,
                Ok(Some(Ok(frame))) => frame,
                Ok(Some(Err(error))) => break Some(error.into()),
                Err(error) => break Some(error.into()),
            };
            is_first = false;
            // What is no data are trailers.
            let Ok(data) = frame.into_data() else {
                continue;
            };
            have = have.saturating_add(data.len() as u64);
            if have > size {
                out.set_len(0).map_err(self.unwritten(part))?;
                let problem = format!("{} sends more than the {size} bytes it told", server.who());
                return Err(self.failed(problem));
            }
            out.write_all(&data).map_err(self.unwritten(part))?;
        };
        if have == size {
            return Ok(());
        }
        Err(LlmError::Fetch {
            file: self.name.clone(),
            problem: format!(
                "{} ended after {have} of {size} bytes; the next try goes on from there",
                server.who()
            ),
            source: broken,
        })
    }

    /// An answer that is no refusal. A redirect leads to a server for which the same rule holds as for the first.
    async fn ask(&self, method: Method, from: u64) -> Result<(Http, Response<Incoming>), LlmError> {
        let mut place = self.place.clone();
        let mut server = self.server(&place.origin)?;
        for _ in 0..=MAX_REDIRECTS {
            let response = server
                .fetch(method.clone(), &place.path, from)
                .await
                .map_err(|error| self.unanswered(error))?;
            let status = response.status();
            // The redirect to the content has all that is to be known; the content's own server does not know it.
            if status.is_success() || (method == Method::HEAD && Metadata::of(&response).is_ok()) {
                return Ok((server, response));
            }
            let location = response
                .headers()
                .get(header::LOCATION)
                .filter(|_| status.is_redirection());
            let Some(location) = location else {
                return Err(self.failed(refusal(&server, status, response.headers())));
            };
            let next = location.to_str().ok().and_then(|text| place.join(text));
            let next = next.ok_or_else(|| {
                self.failed(format!("{} redirects to what is no address", server.who()))
            })?;
            if next.origin != place.origin {
                server = self.server(&next.origin)?;
            }
            place = next;
        }
        Err(self.failed(format!("redirected more than {MAX_REDIRECTS} times")))
    }

    fn server(&self, origin: &str) -> Result<Http, LlmError> {
        let config = self.config;
        let key = config.token.clone().filter(|_| origin == self.place.origin);
        let opened = Http::new(origin, origin.to_owned(), key, config.http.clone());
        opened.map_err(|error| match error {
            LlmError::RemoteNotAllowed { host } => self.not_allowed(host),
            other => other,
        })
    }

    fn not_allowed(&self, host: String) -> LlmError {
        LlmError::FetchNotAllowed {
            file: self.name.clone(),
            cache: self.config.cache.clone(),
            host,
        }
    }

    fn unanswered(&self, error: ChatError) -> LlmError {
        match error {
            ChatError::RemoteNotAllowed { host } => self.not_allowed(host),
            error => LlmError::Fetch {
                file: self.name.clone(),
                problem: "the hub did not answer".to_owned(),
                source: Some(error.into()),
            },
        }
    }

    fn failed(&self, problem: String) -> LlmError {
        LlmError::Fetch {
            file: self.name.clone(),
            problem,
            source: None,
        }
    }
}

impl Place {
    fn parse(address: &str) -> Option<Self> {
        let uri: Uri = address.parse().ok()?;
        let scheme = uri
            .scheme_str()
            .filter(|s| matches!(*s, "http" | "https"))?;
        // No user names and passwords.
        let authority = uri.authority().filter(|a| !a.as_str().contains('@'))?;
        Some(Self {
            origin: format!("{scheme}://{authority}"),
            path: uri.path_and_query()?.to_string(),
        })
    }

    /// Where a `Location` leads from here.
    fn join(&self, location: &str) -> Option<Self> {
        if location.starts_with("//") {
            let (scheme, _) = self.origin.split_once("://")?;
            return Self::parse(&format!("{scheme}:{location}"));
        }
        if location.starts_with('/') {
            return Self::parse(&format!("{}{location}", self.origin));
        }
        Self::parse(location)
    }
}

impl Metadata {
    /// From the answer of the hub, or what is wrong with it.
    fn of(response: &Response<Incoming>) -> Result<Self, &'static str> {
        Self::from_headers(response.headers(), response.status().is_success())
    }

    fn from_headers(headers: &HeaderMap, is_content: bool) -> Result<Self, &'static str> {
        let text = |name: &str| headers.get(name)?.to_str().ok();
        let commit = text("x-repo-commit").ok_or("names no commit: it is no hub")?;
        let etag = text("x-linked-etag")
            .or_else(|| text("etag"))
            .ok_or("does not name the file's content")?;
        let etag = etag.trim_start_matches("W/").trim_matches('"');
        // Both become names in the cache.
        if ![commit, etag].into_iter().all(is_plain) {
            return Err("names commit or content in an impossible way");
        }
        let size = text("x-linked-size")
            .or_else(|| text(header::CONTENT_LENGTH.as_str()).filter(|_| is_content))
            .and_then(|size| size.parse().ok())
            .ok_or("does not say how large the file is")?;
        Ok(Self {
            commit: commit.to_owned(),
            etag: etag.to_owned(),
            size,
        })
    }
}

fn is_plain(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=128).contains(&name.len()) && name.bytes().all(is_letter)
}

/// Where the part of a 206 begins.
fn begins_at(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get(header::CONTENT_RANGE)?.to_str().ok()?;
    let (from, _) = range.strip_prefix("bytes ")?.split_once('-')?;
    from.parse().ok()
}

/// Why the hub sends nothing, and what helps.
fn refusal(server: &Http, status: StatusCode, headers: &HeaderMap) -> String {
    let who = server.who();
    let mut problem = match status {
        StatusCode::NOT_FOUND => format!("{who} knows no such file or repository"),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => format!(
            "{who} refuses ({status}): the repository is not there or not open to everyone; `HF_TOKEN` may hold a token for it"
        ),
        _ => format!("{who} answers {status}"),
    };
    let said = headers
        .get("x-error-message")
        .and_then(|message| message.to_str().ok());
    if let Some(said) = said {
        problem.push_str(": ");
        problem.push_str(&message_of(&server.redact(said.to_owned())));
    }
    problem
}

/// `path` leads to `blob`, wherever the cache is moved.
#[cfg(unix)]
fn point(repo: &Path, blob: &Path, path: &Path) -> io::Result<()> {
    let inside = |path: &Path| path.strip_prefix(repo).map(Path::to_owned);
    let (blob, path_inside) = (inside(blob), inside(path));
    let (Ok(blob), Ok(path_inside)) = (blob, path_inside) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let up = path_inside.components().skip(1).map(|_| "..");
    let target: PathBuf = up.collect::<PathBuf>().join(blob);
    std::os::unix::fs::symlink(target, path)
}

/// Links need a right of their own elsewhere; the hub's own programs move the file too.
#[cfg(not(unix))]
fn point(_repo: &Path, blob: &Path, path: &Path) -> io::Result<()> {
    fs::rename(blob, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn a_location_leads_on_from_where_it_was_said() {
        let here = Place::parse("https://hub.example.org/a/b?c=1").unwrap();
        assert_eq!(here.path, "/a/b?c=1");
        for (location, origin, path) in [
            ("/d?e", "https://hub.example.org", "/d?e"),
            ("//cdn.example.org/d", "https://cdn.example.org", "/d"),
            ("http://127.0.0.1:8/d", "http://127.0.0.1:8", "/d"),
        ] {
            let expected = Place {
                origin: origin.to_owned(),
                path: path.to_owned(),
            };
            assert_eq!(here.join(location), Some(expected));
        }
        for nowhere in ["d", "ftp://127.0.0.1/d", "https://me:secret@127.0.0.1/d"] {
            assert_eq!(here.join(nowhere), None, "{nowhere}");
        }
    }

    #[test]
    fn what_the_hub_says_is_checked_before_it_names_anything() {
        let small = headers(&[
            ("x-repo-commit", "c0ffee"),
            ("etag", "W/\"abc\""),
            ("content-length", "7"),
        ]);
        let expected = Metadata {
            commit: "c0ffee".to_owned(),
            etag: "abc".to_owned(),
            size: 7,
        };
        assert_eq!(Metadata::from_headers(&small, true), Ok(expected));
        // The length of a redirect is not that of the file.
        assert!(Metadata::from_headers(&small, false).is_err());
        for (name, value) in [
            ("x-repo-commit", "../../c"),
            ("x-repo-commit", ""),
            ("x-linked-etag", "\"../../../etc\""),
            ("x-linked-etag", ".."),
            ("x-linked-etag", "a/b"),
            ("x-linked-size", "-1"),
        ] {
            let mut bad = small.clone();
            bad.insert(name, value.parse().unwrap());
            assert!(
                Metadata::from_headers(&bad, true).is_err(),
                "{name}: {value}"
            );
        }
    }
}
