//! llama.cpp's server, out of a Python package, for as long as a task needs it.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::Result;
use crate::repository::target_dir;
use crate::venv;

/// llama.cpp with its server, compiled; pinned.
const REQUIREMENTS: [&str; 1] = ["xllamacpp==2026.10.11549"];

/// A server that ends with this value.
pub(crate) struct Server {
    child: Child,
    address: String,
}

impl Server {
    /// Needs Python, and network the first time.
    pub(crate) fn start(root: &Path, model: &Path, threads: usize) -> Result<Self> {
        let python = venv::create(&target_dir(root), "llama-server", &REQUIREMENTS)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut child = Command::new(python)
            .arg(root.join("xtask/python/llama_server.py"))
            .arg(model)
            .arg(port.to_string())
            .arg(threads.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut address = String::new();
        if let Some(said) = child.stdout.take() {
            // Whatever it says before, the address is the line that is one.
            for line in BufReader::new(said).lines() {
                let line = line?;
                if line.starts_with("http://") {
                    address = line;
                    break;
                }
            }
        }
        let server = Self { child, address };
        if server.address.is_empty() {
            return Err("llama.cpp's server did not start".into());
        }
        Ok(server)
    }

    /// The value of `models.generator` or `models.judge` that asks it.
    pub(crate) fn role(&self, name: &str) -> String {
        format!(
            "{{provider: model, model: \"{}/v1\", name: {name}, context_tokens: 4096}}",
            self.address
        )
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
