//! Fields of a file, with errors that name both.

use std::path::Path;

use serde_json::{Map, Value};

use crate::error::TrainError;

/// An object of a JSON file.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub(super) path: &'a Path,
    /// What stands before the names of fields in errors.
    pub(super) prefix: &'a str,
    pub(super) map: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    pub(super) fn error(&self, field: &str, problem: impl Into<String>) -> TrainError {
        TrainError::Field {
            path: self.path.to_path_buf(),
            field: format!("{}{field}", self.prefix),
            problem: problem.into(),
        }
    }

    /// A field that is there and not null.
    pub(super) fn get(&self, field: &str) -> Option<&'a Value> {
        self.map.get(field).filter(|value| !value.is_null())
    }

    fn typed<T>(
        &self,
        field: &str,
        kind: &str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, TrainError> {
        self.get(field)
            .map(|value| {
                read(value).ok_or_else(|| self.error(field, format!("is {value} and no {kind}")))
            })
            .transpose()
    }

    pub(super) fn size(&self, field: &str) -> Result<Option<usize>, TrainError> {
        self.typed(field, "size", |value| usize::try_from(value.as_u64()?).ok())
    }

    pub(super) fn required_size(&self, field: &str) -> Result<usize, TrainError> {
        self.size(field)?
            .ok_or_else(|| self.error(field, "is missing"))
    }

    pub(super) fn number(&self, field: &str) -> Result<Option<f64>, TrainError> {
        self.typed(field, "number", Value::as_f64)
    }

    pub(super) fn flag(&self, field: &str) -> Result<Option<bool>, TrainError> {
        self.typed(field, "truth value", Value::as_bool)
    }

    pub(super) fn text(&self, field: &str) -> Result<Option<&'a str>, TrainError> {
        self.typed(field, "text", Value::as_str)
    }

    pub(super) fn list(&self, field: &str) -> Result<Option<&'a [Value]>, TrainError> {
        self.typed(field, "list", |value| value.as_array().map(Vec::as_slice))
    }

    pub(super) fn object(&self, field: &str, prefix: &'a str) -> Result<Option<Self>, TrainError> {
        let map = self.typed(field, "object", Value::as_object)?;
        Ok(map.map(|map| Self {
            path: self.path,
            prefix,
            map,
        }))
    }

    /// Fields that would change what the model computes in ways that are not supported.
    pub(super) fn refuse(
        &self,
        field: &str,
        supported: impl Fn(&Value) -> bool,
    ) -> Result<(), TrainError> {
        match self.get(field) {
            Some(value) if !supported(value) => {
                Err(self.error(field, format!("is {value}, which is not supported")))
            }
            _ => Ok(()),
        }
    }
}
