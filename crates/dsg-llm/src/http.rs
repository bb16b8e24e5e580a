//! POST and GET with JSON over HTTP/1.1: bounded bodies, stalls noticed, errors sorted into what is worth a retry.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use dsg_core::{ChatError, TokenLogProb};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::TokioExecutor;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use crate::body::{BodyError, Bounded};
use crate::connect::{Connector, NotLoopback, bare_host, check_loopback};
use crate::error::LlmError;
use crate::key::ApiKey;
use crate::page::{message_of, retry_after};

/// How servers are spoken to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// Whether machines other than this one may be spoken to. Default: false.
    pub allow_remote: bool,
    /// Seconds that connecting may take, name resolution included. Default: 10.
    pub connect_seconds: u64,
    /// Seconds that may pass before an answer begins, and again before its first part: the server queues, loads the model,
    /// reads the prompt and, where it does not stream, writes the whole reply. Default: 300, three times what two processor
    /// cores take to read 4,000 tokens.
    pub first_seconds: u64,
    /// Seconds that may pass between two parts of a reply that has begun. Default: 120.
    pub stall_seconds: u64,
    /// Bytes of a reply at most, as they come over the wire; what is larger is given up unread. Default: 16 MiB.
    pub max_reply_bytes: usize,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            allow_remote: false,
            connect_seconds: 10,
            first_seconds: 300,
            stall_seconds: 120,
            max_reply_bytes: 16 << 20,
        }
    }
}

/// Bytes of an error page that are read; the rest says nothing more.
const MAX_ERROR_BYTES: usize = 64 << 10;

/// A server under one base address.
#[derive(Debug)]
pub(crate) struct Http {
    client: Transport,
    base: String,
    /// Who is asked, for errors.
    who: String,
    key: Option<ApiKey>,
    config: HttpConfig,
    is_local: bool,
}

#[derive(Debug)]
enum Transport {
    Plain(Client<Connector, Full<Bytes>>),
    #[cfg(feature = "tls")]
    Tls(Client<hyper_rustls::HttpsConnector<Connector>, Full<Bytes>>),
}

/// An answer whose body has not been read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) body: Bounded,
    pub(crate) is_event_stream: bool,
}

/// A refusal with its body: the provider may know how to go on.
#[derive(Debug)]
pub(crate) struct ErrorPage {
    pub(crate) status: StatusCode,
    pub(crate) text: String,
    pub(crate) retry_after: Option<Duration>,
}

pub(crate) enum Answered {
    Ok(Answer),
    Error(ErrorPage),
}

impl Http {
    pub(crate) fn new(
        base_url: &str,
        who: String,
        key: Option<ApiKey>,
        config: HttpConfig,
    ) -> Result<Self, LlmError> {
        let field = "base_url";
        if base_url.contains('@') {
            let problem = "must not carry a user name or password; keys come from the environment";
            return Err(LlmError::config(field, problem));
        }
        let base = base_url.trim_end_matches('/').to_owned();
        let uri: Uri = base
            .parse()
            .map_err(|e| LlmError::config(field, format!("`{base_url}` is no address: {e}")))?;
        let authority = uri
            .authority()
            .ok_or_else(|| LlmError::config(field, format!("`{base_url}` names no host")))?;
        if uri.query().is_some() {
            return Err(LlmError::config(field, "must not carry a query"));
        }
        // Another name than this machine's own is not even looked up: the question would leave the machine.
        let is_local = bare_host(&uri).is_some_and(|host| match host.parse() {
            Ok(address) => check_loopback(host, address).is_ok(),
            Err(_) => host == "localhost" || host.ends_with(".localhost"),
        });
        if !is_local && !config.allow_remote {
            return Err(LlmError::RemoteNotAllowed {
                host: authority.to_string(),
            });
        }
        Ok(Self {
            client: transport(&uri, &config)?,
            base,
            who,
            key,
            config,
            is_local,
        })
    }

    /// Whether the server is surely on this machine.
    pub(crate) const fn is_local(&self) -> bool {
        self.is_local
    }

    /// Who is asked.
    #[cfg(feature = "hub")]
    pub(crate) fn who(&self) -> &str {
        &self.who
    }

    /// Seconds that may pass before a body's next part.
    const fn patience(&self, is_first: bool) -> u64 {
        if is_first {
            self.config.first_seconds
        } else {
            self.config.stall_seconds
        }
    }

    /// What `next` brings, unless the server hangs.
    pub(crate) async fn within_limit<T>(
        &self,
        is_first: bool,
        next: impl Future<Output = T>,
    ) -> Result<T, ChatError> {
        let seconds = self.patience(is_first);
        timeout(Duration::from_secs(seconds), next)
            .await
            .map_err(|_| ChatError::Unreachable {
                model: self.who.clone(),
                detail: format!("nothing came for {seconds} s"),
                source: None,
            })
    }

    /// The next bytes of a body; `None` at its end.
    pub(crate) async fn part(
        &self,
        is_first: bool,
        body: &mut Bounded,
    ) -> Result<Option<Bytes>, ChatError> {
        while let Some(frame) = self.within_limit(is_first, body.frame()).await? {
            let frame = frame.map_err(|error| self.broken(error))?;
            // What is no data are trailers.
            if let Ok(data) = frame.into_data() {
                return Ok(Some(data));
            }
        }
        Ok(None)
    }

    pub(crate) async fn post(&self, path: &str, body: Vec<u8>) -> Result<Answered, ChatError> {
        self.send(Method::POST, path, Bytes::from(body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Answered, ChatError> {
        self.send(Method::GET, path, Bytes::new()).await
    }

    async fn send(&self, method: Method, path: &str, body: Bytes) -> Result<Answered, ChatError> {
        let headers = [
            (header::CONTENT_TYPE, "application/json".to_owned()),
            (
                header::ACCEPT,
                "application/json, text/event-stream".to_owned(),
            ),
        ];
        let response = self.answer(method, path, headers, body).await?;
        let (head, body) = response.into_parts();
        if head.status.is_success() {
            let is_event_stream = head
                .headers
                .get(header::CONTENT_TYPE)
                .and_then(|value| value.to_str().ok())
                .is_some_and(|kind| kind.starts_with("text/event-stream"));
            return Ok(Answered::Ok(Answer {
                body: Bounded::new(body, self.config.max_reply_bytes),
                is_event_stream,
            }));
        }
        // An error page that cannot be read is still an error page.
        let text = self
            .read(Bounded::new(body, MAX_ERROR_BYTES))
            .await
            .unwrap_or_default();
        Ok(Answered::Error(ErrorPage {
            status: head.status,
            text: self.redact(String::from_utf8_lossy(&text).into_owned()),
            retry_after: retry_after(&head.headers),
        }))
    }

    /// The head of an answer, whatever its status, and the body unread; from this byte on where the server can. A redirect is
    /// the caller's to follow.
    #[cfg(feature = "hub")]
    pub(crate) async fn fetch(
        &self,
        method: Method,
        path: &str,
        from: u64,
    ) -> Result<Response<Incoming>, ChatError> {
        let range = (from > 0).then(|| (header::RANGE, format!("bytes={from}-")));
        self.answer(method, path, range, Bytes::new()).await
    }

    async fn answer(
        &self,
        method: Method,
        path: &str,
        headers: impl IntoIterator<Item = (HeaderName, String)>,
        body: Bytes,
    ) -> Result<Response<Incoming>, ChatError> {
        // What stands after the path may be a signature.
        let shown = path.split('?').next().unwrap_or_default();
        let attempted = format!("{method} {}{shown}", self.base);
        let request = self
            .request(method, path, headers, body)
            .map_err(|source| ChatError::Backend {
                what: attempted.clone(),
                source: source.into(),
            })?;
        let sent = match &self.client {
            Transport::Plain(client) => client.request(request),
            #[cfg(feature = "tls")]
            Transport::Tls(client) => client.request(request),
        };
        self.within_limit(true, sent)
            .await?
            .map_err(|error| self.unreachable(attempted, error))
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        headers: impl IntoIterator<Item = (HeaderName, String)>,
        body: Bytes,
    ) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(
                header::USER_AGENT,
                concat!("dsg/", env!("CARGO_PKG_VERSION")),
            );
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Some(key) = &self.key {
            let mut value = HeaderValue::try_from(key.bearer())?;
            value.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, value);
        }
        request.body(Full::new(body))
    }

    /// The whole body, within its limit.
    pub(crate) async fn read(&self, mut body: Bounded) -> Result<Vec<u8>, ChatError> {
        let mut bytes = Vec::new();
        while let Some(part) = self.part(bytes.is_empty(), &mut body).await? {
            bytes.extend_from_slice(&part);
        }
        Ok(bytes)
    }

    pub(crate) fn redact(&self, text: String) -> String {
        match &self.key {
            Some(key) => key.redact(text),
            None => text,
        }
    }

    /// `tokens`, unless the key stands in them: cut up as they are, it cannot be taken out.
    pub(crate) fn redact_tokens(&self, tokens: Vec<TokenLogProb>) -> Vec<TokenLogProb> {
        let mut text: String = tokens.iter().map(|token| token.text.as_str()).collect();
        for other in tokens.iter().flat_map(|token| &token.top) {
            text.push('\n');
            text.push_str(&other.text);
        }
        if self.redact(text.clone()) == text {
            tokens
        } else {
            Vec::new()
        }
    }

    pub(crate) fn malformed(&self, detail: impl Into<String>) -> ChatError {
        ChatError::Malformed {
            model: self.who.clone(),
            detail: self.redact(detail.into()),
        }
    }

    /// The body ended early, or is larger than it may be.
    pub(crate) fn broken(&self, error: BodyError) -> ChatError {
        match error {
            BodyError::TooLarge => {
                let limit = self.config.max_reply_bytes;
                self.malformed(format!("the reply is larger than {limit} bytes"))
            }
            BodyError::Broken(source) => ChatError::Unreachable {
                model: self.who.clone(),
                detail: "the connection broke within the reply".to_owned(),
                source: Some(source.into()),
            },
        }
    }

    fn unreachable(&self, attempted: String, error: ClientError) -> ChatError {
        if let Some(not) = find::<NotLoopback>(&error) {
            return ChatError::RemoteNotAllowed {
                host: not.host.clone(),
            };
        }
        ChatError::Unreachable {
            model: self.who.clone(),
            detail: attempted,
            source: Some(Box::new(error)),
        }
    }

    /// A failure that a server reports under status 200 or within a stream.
    pub(crate) fn error_within(&self, error: &serde_json::Value) -> ChatError {
        let text = error
            .get("message")
            .or(Some(error))
            .and_then(serde_json::Value::as_str)
            .map_or_else(|| error.to_string(), str::to_owned);
        let status = error
            .get("code")
            .and_then(serde_json::Value::as_u64)
            .and_then(|code| StatusCode::from_u16(u16::try_from(code).ok()?).ok())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        self.error_of(&ErrorPage {
            status,
            text: self.redact(text),
            retry_after: None,
        })
    }

    /// What an error page means.
    pub(crate) fn error_of(&self, page: &ErrorPage) -> ChatError {
        let detail = format!("{}: {}", page.status, message_of(&page.text));
        let model = self.who.clone();
        match page.status.as_u16() {
            408 | 409 | 425 | 429 | 500..=599 => ChatError::Busy {
                model,
                detail,
                retry_after: page.retry_after,
            },
            400 | 413 | 414 | 422 => ChatError::Rejected { model, detail },
            _ => ChatError::Refused { model, detail },
        }
    }
}

fn transport(uri: &Uri, config: &HttpConfig) -> Result<Transport, LlmError> {
    let connector = Connector {
        allow_remote: config.allow_remote,
        connect_timeout: Duration::from_secs(config.connect_seconds),
    };
    match uri.scheme_str() {
        Some("http") => Ok(Transport::Plain(
            Client::builder(TokioExecutor::new()).build(connector),
        )),
        Some("https") => tls(connector),
        _ => Err(LlmError::config(
            "base_url",
            format!("`{uri}` must begin with http:// or https://"),
        )),
    }
}

#[cfg(feature = "tls")]
fn tls(connector: Connector) -> Result<Transport, LlmError> {
    // The provider is named, so that another crate's choice in the same program changes nothing here.
    let connector = hyper_rustls::HttpsConnectorBuilder::new()
        .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
        .map_err(LlmError::Tls)?
        .https_only()
        .enable_http1()
        .wrap_connector(connector);
    Ok(Transport::Tls(
        Client::builder(TokioExecutor::new()).build(connector),
    ))
}

#[cfg(not(feature = "tls"))]
fn tls(_: Connector) -> Result<Transport, LlmError> {
    Err(LlmError::FeatureMissing {
        what: "an https server".to_owned(),
        feature: "tls",
    })
}

/// The first error of this type in the chain of causes.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        // An `io::Error` around another error hides it from `source`.
        if let Some(inner) = error
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref)
            && let Some(found) = inner.downcast_ref()
        {
            return Some(found);
        }
        next = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_cannot_work_are_refused_at_once() {
        let open = |url: &str| Http::new(url, "m".into(), None, HttpConfig::default());
        for (url, part) in [
            ("ftp://127.0.0.1/", "must begin with http"),
            ("127.0.0.1:8080", "must begin with http"),
            ("/v1", "names no host"),
            ("http://me:secret@127.0.0.1/", "user name or password"),
            ("http://127.0.0.1/?key=1", "query"),
            ("http://192.0.2.7:80/v1", "allow_remote"),
            ("http://[2001:db8::1]/v1", "allow_remote"),
        ] {
            let error = open(url).unwrap_err().to_string();
            assert!(error.contains(part), "{url}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
        for url in [
            "http://127.0.0.1:1/v1/",
            "http://[::1]/v1",
            "http://localhost:1",
        ] {
            assert!(open(url).unwrap().is_local());
        }
    }
}
