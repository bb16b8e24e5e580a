//! An OpenAI-compatible server on a port of its own.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};

/// What to say to a request.
pub(crate) type Reply = fn(&Value) -> String;

/// Serves until the test ends.
pub(crate) struct Server {
    pub(crate) address: String,
    asked: Arc<AtomicUsize>,
}

impl Server {
    pub(crate) fn new(reply: Reply) -> Self {
        Self::at("127.0.0.1:0".parse().unwrap(), reply)
    }

    pub(crate) fn at(address: SocketAddr, reply: Reply) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = format!("http://{}/v1", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let count = Arc::clone(&count);
                thread::spawn(move || answer(stream.unwrap(), reply, &count));
            }
        });
        Self { address, asked }
    }

    /// Requests so far.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn answer(mut stream: TcpStream, reply: Reply, asked: &AtomicUsize) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut length, mut is_list) = (0, false);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        is_list |= line.starts_with("GET /v1/models ");
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let text = if is_list {
        json!({"data": [{"id": "tiny"}]}).to_string()
    } else {
        asked.fetch_add(1, Ordering::SeqCst);
        completion(&serde_json::from_slice(&body).unwrap(), reply).to_string()
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        text.len()
    );
    let _ = stream.write_all(format!("{head}{text}").as_bytes());
}

fn completion(request: &Value, reply: Reply) -> Value {
    let length: usize = request["messages"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|turn| turn["content"].as_str())
        .map(str::len)
        .sum();
    json!({
        "choices": [{
            "message": {"role": "assistant", "content": reply(request)},
            "finish_reason": "stop",
        }],
        // About as many as there are: a server that counts far fewer has cut the prompt.
        "usage": {
            "prompt_tokens": (length / 4).max(20),
            "prompt_tokens_details": {"cached_tokens": 8},
            "completion_tokens": 5,
        },
    })
}
