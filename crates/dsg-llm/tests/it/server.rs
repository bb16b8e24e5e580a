//! An HTTP server that says exactly what it was told to, byte for byte.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use dsg_core::{ChatRequest, Message, Role};
use serde_json::Value;

/// Answers the n-th request with the n-th script, the last one again and again.
pub(crate) struct Server {
    pub(crate) base_url: String,
    requests: Arc<Mutex<Vec<Value>>>,
}

impl Server {
    pub(crate) fn new(scripts: Vec<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let body = read_request(&mut stream);
                let nth = {
                    let mut seen = seen.lock().unwrap();
                    seen.push(body);
                    seen.len() - 1
                };
                let script = &scripts[nth.min(scripts.len() - 1)];
                // The client may have hung up on a reply that is too large.
                let _ = stream.write_all(script);
            }
        });
        Self { base_url, requests }
    }

    /// The bodies of all requests so far.
    pub(crate) fn requests(&self) -> Vec<Value> {
        self.requests.lock().unwrap().clone()
    }
}

/// Reads up to the end of the body, whose length the client tells.
fn read_request(stream: &mut TcpStream) -> Value {
    let mut bytes = Vec::new();
    let mut part = [0_u8; 4096];
    loop {
        let read = stream.read(&mut part).unwrap();
        bytes.extend_from_slice(&part[..read]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            assert!(read > 0, "the request ended within its head");
            continue;
        };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let length: usize = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
            .unwrap_or(0);
        if bytes.len() >= end + 4 + length {
            return serde_json::from_slice(&bytes[end + 4..]).unwrap();
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
