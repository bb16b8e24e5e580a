//! API keys that cannot be printed.

use std::env;
use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::error::LlmError;

/// What stands where a key was.
const REDACTED: &str = "[redacted]";

/// Texts shorter than this are not searched for: they would redact half of every message.
const LEAST_SEARCHED: usize = 8;

/// A server's API key. It is never shown: `Debug` prints `[redacted]`, and there is no `Display` or `Serialize`.
#[derive(Clone)]
pub struct ApiKey(SecretString);

impl ApiKey {
    /// A key given by the caller; white space around it is cut off.
    pub fn new(key: &str) -> Self {
        Self(SecretString::from(key.trim()))
    }

    /// The key in the environment variable `name`; `None` where it is unset or empty.
    ///
    /// # Errors
    /// [`LlmError::Key`] where the variable is not text that an HTTP header can carry.
    pub fn from_env(name: &str) -> Result<Option<Self>, LlmError> {
        let Some(value) = env::var_os(name) else {
            return Ok(None);
        };
        let printable = value
            .to_str()
            .map(str::trim)
            .filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic()));
        match printable {
            Some("") => Ok(None),
            Some(text) => Ok(Some(Self::new(text))),
            None => Err(LlmError::Key {
                variable: name.to_owned(),
                problem: "holds something that no HTTP header can carry",
            }),
        }
    }

    /// `text` without the key, wherever it stands in it.
    #[must_use]
    pub fn redact(&self, text: String) -> String {
        let key = self.0.expose_secret();
        if key.len() >= LEAST_SEARCHED && text.contains(key) {
            text.replace(key, REDACTED)
        } else {
            text
        }
    }

    /// The value of the `Authorization` header.
    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.0.expose_secret())
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_shows_nowhere() {
        let key = ApiKey::new(" sk-very-secret-1234 \n");
        assert_eq!(format!("{key:?}"), REDACTED);
        let echoed = key.redact("wrong key: sk-very-secret-1234".to_owned());
        assert_eq!(echoed, "wrong key: [redacted]");
    }

    #[test]
    fn a_very_short_key_does_not_eat_the_message() {
        assert_eq!(ApiKey::new("a").redact("a bad key".to_owned()), "a bad key");
    }
}
