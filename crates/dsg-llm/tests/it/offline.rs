//! Nothing but this machine is spoken to, however an address is written and whatever a server or the environment says.

use std::env;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::process::Command;

use dsg_core::{ChatError, ChatModel as _, ChatReply};
use dsg_llm::{Blocking, HttpConfig, LlmError, OpenAi, OpenAiConfig};

use crate::server::{Server, WHOLE, answer, question};

fn at(base_url: &str) -> Result<OpenAi, LlmError> {
    let config = OpenAiConfig {
        base_url: base_url.to_owned(),
        ..OpenAiConfig::default()
    };
    OpenAi::new(config, HttpConfig::default(), None)
}

fn ask(base_url: &str) -> Result<ChatReply, ChatError> {
    let request = question();
    Blocking::new()
        .unwrap()
        .block_on(at(base_url).unwrap().complete(&request))
}

#[test]
fn an_address_elsewhere_is_refused_before_anything_is_sent() {
    for base_url in [
        "http://192.0.2.1:8080/v1",
        "http://10.0.0.1/v1",
        "http://0.0.0.0:8080/v1",
        "http://[2001:db8::1]/v1",
        "http://[::ffff:192.0.2.1]/v1",
        // 192.0.2.1 as one number, in hexadecimal and in three parts.
        "http://3221225985:80/v1",
        "http://0xC0000201/v1",
        "http://192.0.513/v1",
        // Names, which would have to be asked for.
        "http://models.example.org/v1",
        "http://localhost.example.org/v1",
    ] {
        let error = at(base_url).unwrap_err();
        assert!(
            matches!(error, LlmError::RemoteNotAllowed { .. }),
            "{base_url}: {error}"
        );
    }
}

#[test]
fn localhost_is_here() {
    let server = Server::new(vec![answer("200 OK", "", WHOLE)]);
    let base_url = server.base_url.replace("127.0.0.1", "localhost");
    assert_eq!(ask(&base_url).unwrap().text, "Use sbatch.");
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Server::new(vec![answer("200 OK", "", WHOLE)]);
    let location = format!("location: {}/chat/completions\r\n", elsewhere.base_url);
    let server = Server::new(vec![answer("307 Temporary Redirect", &location, "")]);
    let error = ask(&server.base_url).unwrap_err();
    assert!(error.to_string().contains("307"), "{error}");
    assert_eq!(server.requests().len(), 1);
    assert!(elsewhere.requests().is_empty());
}

/// Names the server that a process with proxies in its environment is to ask.
const ASK: &str = "DSG_TEST_ASK_PAST_PROXIES";

/// No test of its own: what the next one starts.
#[test]
fn child_that_asks_past_proxies() {
    if let Ok(base_url) = env::var(ASK) {
        assert_eq!(ask(&base_url).unwrap().text, "Use sbatch.");
    }
}

#[test]
fn proxies_in_the_environment_are_not_used() {
    let server = Server::new(vec![answer("200 OK", "", WHOLE)]);
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let mut child = Command::new(env::current_exe().unwrap());
    child
        .args(["--exact", "offline::child_that_asks_past_proxies"])
        .env(ASK, &server.base_url)
        .env_remove("no_proxy")
        .env_remove("NO_PROXY");
    for name in [
        "http_proxy",
        "HTTP_PROXY",
        "https_proxy",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ] {
        child.env(name, &address);
    }
    let output = child.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(server.requests().len(), 1);
    assert_eq!(proxy.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}
