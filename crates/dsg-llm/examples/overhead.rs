//! What the stack costs: a server on this machine that answers every request after 50 ms, asked 64 times at once, first by bare
//! sockets and then through everything that `stack` puts around a provider. The server is a process of its own.
//!
//! `cargo run --release -p dsg-llm --example overhead -- [requests] [concurrency] [milliseconds]`
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::error::Error;
use std::io::{BufRead as _, BufReader};
use std::num::NonZeroUsize;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use dsg_core::{ChatModel, ChatRequest, Message, Role, TokenCounter};
use dsg_llm::{
    Blocking, Budget, BudgetConfig, HttpConfig, OpenAi, OpenAiConfig, ReplyStore, Shared,
    StackConfig, in_order, stack,
};
use futures_util::StreamExt as _;
use futures_util::future::try_join_all;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const SERVE: &str = "--serve";

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1).peekable();
    let is_server = args.next_if(|arg| arg == SERVE).is_some();
    let mut number = |otherwise: usize| args.next().map_or(Ok(otherwise), |arg| arg.parse());
    if is_server {
        let delay = Duration::from_millis(number(50)? as u64);
        return Blocking::new()?.block_on(serve(delay));
    }
    let (requests, concurrency, delay) = (number(10_000)?, number(64)?, number(50)?);
    let server = Server::start(delay)?;
    println!("{requests} requests, {concurrency} at once, replies after {delay} ms");

    let began = Instant::now();
    Blocking::new()?.block_on(ask_bare(&server.address, requests, concurrency))?;
    let own = requests as f64 / began.elapsed().as_secs_f64();
    println!("bare sockets: {own:.0} requests/s");

    let folder = tempfile::tempdir()?;
    for store in [
        None,
        Some(ReplyStore::open(&folder.path().join("replies.sqlite"))?),
    ] {
        let name = store.as_ref().map_or("no store", |_| "store on disk");
        let model = model(&server.address, concurrency, store)?;
        let (cpu, began) = (cpu_seconds()?, Instant::now());
        let answered = Blocking::new()?.block_on(async {
            in_order(&model, (0..requests).map(request), 2 * concurrency)
                .filter(|outcome| std::future::ready(outcome.is_ok()))
                .count()
                .await
        });
        let rate = requests as f64 / began.elapsed().as_secs_f64();
        println!(
            "stack, {name}: {answered} answered, {rate:.0} requests/s, {:.1} % of the server's own, {:.0} µs of processor time a request",
            100.0 * rate / own,
            1e6 * (cpu_seconds()? - cpu) / requests as f64,
        );
    }
    println!("peak memory: {}", peak_memory()?);
    Ok(())
}

/// A chunk of evidence, and a question about it: 2,000 characters, each prompt another one.
fn request(nth: usize) -> ChatRequest {
    ChatRequest {
        messages: vec![Message {
            role: Role::User,
            content: format!(
                "{} Question {nth}?",
                "A job is submitted with a script. ".repeat(60)
            ),
        }],
        schema: Some(json!({"type": "object", "required": ["answer"]})),
        ..ChatRequest::default()
    }
}

fn model(
    address: &str,
    concurrency: usize,
    store: Option<ReplyStore>,
) -> Result<Arc<dyn ChatModel>> {
    let openai = OpenAiConfig {
        base_url: format!("http://{address}/v1"),
        ..OpenAiConfig::default()
    };
    let config = StackConfig {
        concurrency: NonZeroUsize::new(concurrency).ok_or("concurrency must be 1 or more")?,
        ..StackConfig::default()
    };
    let shared = Shared {
        store,
        budget: Arc::new(Budget::new(BudgetConfig::default())?),
        counter: Arc::new(Words),
    };
    let settings = openai.settings();
    let provider = OpenAi::new(openai, HttpConfig::default(), None)?;
    Ok(stack(provider, settings, &config, shared)?)
}

struct Words;

impl TokenCounter for Words {
    fn count(&self, text: &str) -> usize {
        text.split_whitespace().count()
    }
}

/// The server's process; it ends with the value.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(delay: usize) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args([SERVE, &delay.to_string()])
            .stdout(Stdio::piped())
            .spawn()?;
        let mut address = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut address)?;
        Ok(Self {
            child,
            address: address.trim().to_owned(),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const REPLY: &str = r#"{"choices":[{"message":{"content":"{\"answer\":\"Use sbatch.\"}"},"finish_reason":"stop"}],"usage":{"prompt_tokens":500,"completion_tokens":8}}"#;

async fn serve(delay: Duration) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let mut connections = futures_util::stream::FuturesUnordered::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => connections.push(answer_all(accepted?.0, delay)),
            // A client that hangs up is none of the server's business.
            Some(_) = connections.next() => {}
        }
    }
}

async fn answer_all(mut stream: TcpStream, delay: Duration) -> Result<()> {
    stream.set_nodelay(true)?;
    let reply = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{REPLY}",
        REPLY.len()
    );
    let mut bytes = Vec::new();
    while read_message(&mut stream, &mut bytes).await? {
        tokio::time::sleep(delay).await;
        stream.write_all(reply.as_bytes()).await?;
    }
    Ok(())
}

/// Reads one HTTP message; false where the other side hung up.
async fn read_message(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Result<bool> {
    bytes.clear();
    loop {
        if stream.read_buf(bytes).await? == 0 {
            return Ok(false);
        }
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).to_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        if bytes.len() >= end + 4 + length.unwrap_or(0) {
            return Ok(true);
        }
    }
}

async fn ask_bare(address: &str, requests: usize, concurrency: usize) -> Result<()> {
    let body = serde_json::to_string(&request(0))?;
    let message = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: {address}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let next = AtomicUsize::new(0);
    try_join_all((0..concurrency).map(|_| async {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut bytes = Vec::new();
        while next.fetch_add(1, Ordering::Relaxed) < requests {
            stream.write_all(message.as_bytes()).await?;
            if !read_message(&mut stream, &mut bytes).await? {
                return Err("the server hung up".into());
            }
        }
        Result::Ok(())
    }))
    .await?;
    Ok(())
}

/// The line of this process's status that begins with `name`, as Linux writes it.
fn peak_memory() -> Result<String> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    Ok(line.ok_or("no VmHWM")?.trim().to_owned())
}

/// User and system time of this process, in the hundredths of a second that Linux counts.
fn cpu_seconds() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').ok_or("no stat")?;
    let times = fields.split_whitespace().skip(11).take(2);
    let ticks: f64 = times.filter_map(|field| field.parse::<f64>().ok()).sum();
    Ok(ticks / 100.0)
}
