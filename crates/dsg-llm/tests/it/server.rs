//! An HTTP server that says exactly what it was told to, byte for byte.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use dsg_core::{ChatRequest, Message, Role};
use serde_json::Value;

/// What the server does with a connection; at the end it hangs up.
pub(crate) enum Step {
    Say(Vec<u8>),
    /// Says nothing more until the client hangs up.
    Stall,
    /// Breaks the connection instead of ending it.
    Reset,
    /// Says white space, as much as the client takes, up to so many bytes.
    Flood(usize),
}

/// Answers every request as it is told to, on a connection of its own.
pub(crate) struct Server {
    pub(crate) base_url: String,
    requests: Arc<Mutex<Vec<Value>>>,
    flooded: Arc<AtomicUsize>,
}

impl Server {
    /// Answers the n-th request with the n-th script, the last one again and again.
    pub(crate) fn new(scripts: Vec<Vec<u8>>) -> Self {
        Self::with(move |nth, _| vec![Step::Say(scripts[nth.min(scripts.len() - 1)].clone())])
    }

    /// Answers the n-th request, of which it is shown the body, as `script` says.
    pub(crate) fn with(
        script: impl Fn(usize, &Value) -> Vec<Step> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let flooded = Arc::new(AtomicUsize::new(0));
        let (seen, flood, script) = (
            Arc::clone(&requests),
            Arc::clone(&flooded),
            Arc::new(script),
        );
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (seen, flood) = (Arc::clone(&seen), Arc::clone(&flood));
                let script = Arc::clone(&script);
                thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    // A client that gave up while it connected asks nothing.
                    let Some(body) = read_request(&mut stream) else {
                        return;
                    };
                    let nth = {
                        let mut seen = seen.lock().unwrap();
                        seen.push(body.clone());
                        seen.len() - 1
                    };
                    for step in script(nth, &body) {
                        stream = match play(step, stream, &flood) {
                            Some(stream) => stream,
                            None => return,
                        };
                    }
                });
            }
        });
        Self {
            base_url,
            requests,
            flooded,
        }
    }

    /// The bodies of all requests so far.
    pub(crate) fn requests(&self) -> Vec<Value> {
        self.requests.lock().unwrap().clone()
    }

    /// Bytes that clients took of floods.
    pub(crate) fn flooded(&self) -> usize {
        self.flooded.load(Ordering::Relaxed)
    }
}

/// The connection, where it still is one.
fn play(step: Step, mut stream: TcpStream, flooded: &AtomicUsize) -> Option<TcpStream> {
    match step {
        // The client may have hung up on a reply that is too large.
        Step::Say(bytes) => stream.write_all(&bytes).ok()?,
        Step::Stall => {
            let _ = stream.read(&mut [0]);
            return None;
        }
        Step::Reset => {
            let runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = { runtime }.enable_io().build().unwrap();
            let _entered = runtime.enter();
            stream.set_nonblocking(true).unwrap();
            let stream = tokio::net::TcpStream::from_std(stream).unwrap();
            stream.set_zero_linger().unwrap();
            return None;
        }
        Step::Flood(bytes) => {
            let part = vec![b' '; 1 << 16];
            for _ in 0..bytes.div_ceil(part.len()) {
                stream.write_all(&part).ok()?;
                flooded.fetch_add(part.len(), Ordering::Relaxed);
            }
        }
    }
    Some(stream)
}

/// Reads up to the end of the body, whose length the client tells.
fn read_request(stream: &mut TcpStream) -> Option<Value> {
    let mut bytes = Vec::new();
    let mut part = [0_u8; 4096];
    loop {
        let read = stream.read(&mut part).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&part[..read]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let length: usize = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
            .unwrap_or(0);
        if bytes.len() >= end + 4 + length {
            return Some(serde_json::from_slice(&bytes[end + 4..]).unwrap());
        }
    }
}

/// A whole answer; the connection is closed after it.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Server-sent events without a length, ended by the end of the connection.
pub(crate) fn events(parts: &[&str]) -> Vec<u8> {
    let mut out =
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/event-stream\r\n\r\n".to_vec();
    for part in parts {
        out.extend_from_slice(format!("data: {part}\n\n").as_bytes());
    }
    out
}

/// A whole reply, with its usage.
pub(crate) const WHOLE: &str = r#"{"choices":[{"message":{"content":"Use sbatch."},"finish_reason":"stop"}],
    "usage":{"prompt_tokens":9,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":3}}}"#;

/// A request of one turn.
pub(crate) fn request(text: &str) -> ChatRequest {
    ChatRequest {
        messages: vec![Message {
            role: Role::User,
            content: text.to_owned(),
        }],
        ..ChatRequest::default()
    }
}

/// A question whose wording does not matter.
pub(crate) fn question() -> ChatRequest {
    request("How do I submit a job?")
}
