//! What the stack costs: a server on this machine that answers every request after 50 ms, asked 64 times at once, first by bare
//! sockets and then through everything that `stack` puts around a provider. The server is a process of its own.
//!
//! ```text
//! overhead [requests] [concurrency] [milliseconds]           everything, shown to people
//! overhead --serve [milliseconds]                            only the server; prints its address
//! overhead --ask ENGINE ADDRESS [requests] [concurrency]     one engine asks a server that runs already; prints JSON
//! ```
//!
//! Engines: `sockets`, `dsg` (the stack with its reply store on disk, which is what a run uses), `dsg-no-store`.
//!
//! The rate is by the server's clock, from the first request that arrives to the last reply that leaves: `GET /stats` tells
//! `requests`, `seconds` and `most_at_once` since it was last asked.
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::cell::RefCell;
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
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const SERVE: &str = "--serve";
const ASK: &str = "--ask";
const SOCKETS: &str = "sockets";
const DSG: &str = "dsg";
const DSG_NO_STORE: &str = "dsg-no-store";

const REQUESTS: usize = 10_000;
const CONCURRENCY: usize = 64;
const MILLISECONDS: usize = 50;

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1).peekable();
    if args.next_if(|arg| arg == SERVE).is_some() {
        let delay = Duration::from_millis(number(&mut args, MILLISECONDS)? as u64);
        return Blocking::new()?.block_on(serve(delay));
    }
    if args.next_if(|arg| arg == ASK).is_some() {
        let engine = args.next().ok_or("which engine?")?;
        let address = args.next().ok_or("which address?")?;
        let requests = number(&mut args, REQUESTS)?;
        let run = ask(&engine, &address, requests, number(&mut args, CONCURRENCY)?)?;
        println!(
            "{}",
            json!({
                "engine": engine,
                "version": env!("CARGO_PKG_VERSION"),
                "answered": run.answered,
                "cpu_seconds": run.cpu_seconds,
                "peak_mib": peak_mib()?,
            })
        );
        return Ok(());
    }
    let requests = number(&mut args, REQUESTS)?;
    let concurrency = number(&mut args, CONCURRENCY)?;
    let delay = number(&mut args, MILLISECONDS)?;
    let server = Server::start(delay)?;
    println!("{requests} requests, {concurrency} at once, replies after {delay} ms");
    let mut own = None;
    for engine in [SOCKETS, DSG_NO_STORE, DSG] {
        let run = ask(engine, &server.address, requests, concurrency)?;
        let rate = Blocking::new()?.block_on(rate(&server.address))?;
        println!(
            "{engine}: {} answered, {rate:.0} requests/s, {:.1} % of the server's own, {:.0} µs of processor time a request",
            run.answered,
            100.0 * rate / *own.get_or_insert(rate),
            1e6 * run.cpu_seconds / requests as f64,
        );
    }
    println!("peak memory: {:.0} MiB", peak_mib()?);
    Ok(())
}

/// The next argument.
fn number(args: &mut impl Iterator<Item = String>, otherwise: usize) -> Result<usize> {
    Ok(args.next().map_or(Ok(otherwise), |arg| arg.parse())?)
}

/// What an engine did.
struct Run {
    answered: usize,
    cpu_seconds: f64,
}

/// Lets one engine ask everything.
fn ask(engine: &str, address: &str, requests: usize, concurrency: usize) -> Result<Run> {
    let cpu = cpu_seconds()?;
    let folder = tempfile::tempdir()?;
    let answered = if engine == SOCKETS {
        Blocking::new()?.block_on(ask_bare(address, requests, concurrency))?;
        requests
    } else {
        let store = match engine {
            DSG => Some(ReplyStore::open(&folder.path().join("replies.sqlite"))?),
            DSG_NO_STORE => None,
            _ => return Err(format!("no engine `{engine}`").into()),
        };
        let model = model(address, concurrency, store)?;
        Blocking::new()?.block_on(async {
            in_order(&model, (0..requests).map(request), 2 * concurrency)
                .filter(|outcome| std::future::ready(outcome.is_ok()))
                .count()
                .await
        })
    };
    Ok(Run {
        answered,
        cpu_seconds: cpu_seconds()? - cpu,
    })
}

/// Requests a second since the server was last asked for its statistics.
async fn rate(address: &str) -> Result<f64> {
    let mut stream = TcpStream::connect(address).await?;
    stream
        .write_all(format!("{STATS} HTTP/1.1\r\nhost: {address}\r\n\r\n").as_bytes())
        .await?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await?;
    let (_, body) = reply.split_once("\r\n\r\n").ok_or("no statistics")?;
    let stats: Value = serde_json::from_str(body)?;
    let value = |key: &str| stats.get(key).and_then(Value::as_f64).unwrap_or_default();
    Ok(value("requests") / value("seconds"))
}

/// A chunk of evidence, and a question about it: 2,000 characters, each prompt another one.
fn request(nth: usize) -> ChatRequest {
    ChatRequest {
        messages: vec![Message {
            role: Role::User,
            content: format!(
                "{}Question {nth}?",
                "A job is submitted with a script.\n".repeat(60)
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

const STATS: &str = "GET /stats";

const REPLY: &str = r#"{"id":"1","object":"chat.completion","created":1700000000,"model":"default","choices":[{"index":0,"message":{"role":"assistant","content":"{\"question\":\"How is a job submitted?\",\"answer\":\"Use sbatch.\"}"},"finish_reason":"stop"}],"usage":{"prompt_tokens":500,"completion_tokens":20,"total_tokens":520}}"#;

/// What the server saw since it was last asked.
#[derive(Default)]
struct Seen {
    requests: usize,
    at_once: usize,
    most_at_once: usize,
    /// When the first request arrived and the last reply left.
    first: Option<Instant>,
    last: Option<Instant>,
}

impl Seen {
    fn arrived(&mut self) {
        self.first.get_or_insert_with(Instant::now);
        self.at_once += 1;
        self.most_at_once = self.most_at_once.max(self.at_once);
    }

    fn answered(&mut self) {
        self.requests += 1;
        self.at_once -= 1;
        self.last = Some(Instant::now());
    }

    fn take(&mut self) -> String {
        let span = self.last.zip(self.first);
        let stats = json!({
            "requests": self.requests,
            "seconds": span.map_or(0.0, |(last, first)| (last - first).as_secs_f64()),
            "most_at_once": self.most_at_once,
        });
        *self = Self {
            at_once: self.at_once,
            ..Self::default()
        };
        stats.to_string()
    }
}

async fn serve(delay: Duration) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let seen = RefCell::default();
    let mut connections = futures_util::stream::FuturesUnordered::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => connections.push(answer_all(accepted?.0, delay, &seen)),
            // A client that hangs up is none of the server's business.
            Some(_) = connections.next() => {}
        }
    }
}

async fn answer_all(mut stream: TcpStream, delay: Duration, seen: &RefCell<Seen>) -> Result<()> {
    stream.set_nodelay(true)?;
    let chat = reply(REPLY);
    let mut bytes = Vec::new();
    while read_message(&mut stream, &mut bytes).await? {
        if bytes.starts_with(STATS.as_bytes()) {
            let stats = seen.borrow_mut().take();
            stream.write_all(reply(&stats).as_bytes()).await?;
            return Ok(());
        }
        seen.borrow_mut().arrived();
        tokio::time::sleep(delay).await;
        let written = stream.write_all(chat.as_bytes()).await;
        seen.borrow_mut().answered();
        written?;
    }
    Ok(())
}

fn reply(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
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

/// The largest resident set of this process, as Linux counts it.
fn peak_mib() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(kib.ok_or("no VmHWM")?.parse::<f64>()? / 1024.0)
}

/// User and system time of this process, in the hundredths of a second that Linux counts.
fn cpu_seconds() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').ok_or("no stat")?;
    let times = fields.split_whitespace().skip(11).take(2);
    let ticks: f64 = times.filter_map(|field| field.parse::<f64>().ok()).sum();
    Ok(ticks / 100.0)
}
