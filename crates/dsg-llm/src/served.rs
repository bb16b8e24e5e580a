//! Which models a server has, before anything is asked of them.

use dsg_core::ChatError;
use serde_json::Value;

use crate::error::LlmError;
use crate::http::{Answered, Http, HttpConfig};
use crate::key::ApiKey;
use crate::ollama::OllamaConfig;
use crate::reference::ModelRef;

/// The names of the models that the server of `reference` lists; none for a file.
///
/// # Errors
/// [`LlmError::Server`] where it does not answer or answers with something else, and what its address can be refused for.
pub async fn served(
    reference: &ModelRef,
    key: Option<ApiKey>,
    config: &HttpConfig,
) -> Result<Vec<String>, LlmError> {
    let (base, path, list, name) = match reference {
        ModelRef::Server(base) => (base.clone(), "/models", "data", "id"),
        ModelRef::Ollama(_) => (
            OllamaConfig::default().base_url,
            "/api/tags",
            "models",
            "name",
        ),
        ModelRef::File(_) | ModelRef::Hub { .. } => return Ok(Vec::new()),
    };
    let http = Http::new(&base, base.clone(), key, config.clone())?;
    let listed = match ask(&http, path).await {
        Ok(listed) => listed,
        Err(source) => {
            return Err(LlmError::Server {
                server: base,
                source: Box::new(source),
            });
        }
    };
    let models = listed.get(list).and_then(Value::as_array);
    let names = models.into_iter().flatten().filter_map(|model| {
        let name = model.get(name)?.as_str()?;
        // llama-server lists a file by its path.
        Some(name.rsplit('/').next().unwrap_or(name).to_owned())
    });
    Ok(names.collect())
}

async fn ask(http: &Http, path: &str) -> Result<Value, ChatError> {
    match http.get(path).await? {
        Answered::Ok(answer) => {
            let body = http.read(answer.body).await?;
            serde_json::from_slice(&body).map_err(|error| http.malformed(error.to_string()))
        }
        Answered::Error(page) => Err(http.error_of(&page)),
    }
}
