//! Whether a reply is the JSON that was asked for.

use jsonschema::Validator;
use serde_json::Value;

use crate::label::reason::LabelDropReason;
use crate::model::values;

/// The reply as JSON text, and whether that is not the reply to the letter.
pub(crate) fn checked(
    reply: &str,
    schema: Option<&Validator>,
) -> Result<(String, bool), (LabelDropReason, String)> {
    let fits = |value: &Value| match schema {
        None => Ok(()),
        Some(schema) => schema.validate(value).map_err(|error| {
            let place = error.instance_path().to_string();
            let place = if place.is_empty() {
                "/"
            } else {
                place.as_str()
            };
            format!("at {place}: {error}")
        }),
    };
    if let Ok(value) = serde_json::from_str::<Value>(reply) {
        return match fits(&value) {
            Ok(()) => Ok((reply.trim().to_owned(), false)),
            Err(problem) => Err((LabelDropReason::SchemaMismatch, problem)),
        };
    }
    let mut problem = None;
    for value in values(reply) {
        match fits(&value) {
            Ok(()) => return Ok((value.to_string(), true)),
            Err(found) => {
                problem.get_or_insert(found);
            }
        }
    }
    Err(problem.map_or_else(
        || {
            (
                LabelDropReason::NotJson,
                "the reply holds no JSON".to_owned(),
            )
        },
        |problem| (LabelDropReason::SchemaMismatch, problem),
    ))
}
