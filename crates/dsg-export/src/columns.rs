//! One set of column names and types for all rows of a table.
//!
//! Table readers (pyarrow, and with it `datasets`) infer a schema from the first block of every file. A key that only some
//! rows have, or that is null in one file and a string in another, gives `train` and `eval` different schemas, and
//! loading fails. So rows are brought to one shape before they are written: every row has every key, in the same order.

use std::fmt;

use serde_json::{Map, Value};

/// The type of a column, as inferred from JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnType {
    /// Only nulls so far.
    Null,
    /// Booleans.
    Bool,
    /// Whole numbers.
    Int,
    /// Numbers, at least one with a fraction or exponent.
    Float,
    /// Strings.
    String,
    /// Lists.
    List(Box<Self>),
    /// Objects; keys in the order of their first appearance.
    Struct(Columns),
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Bool => "boolean",
            Self::Int => "integer",
            Self::Float => "number",
            Self::String => "string",
            Self::List(_) => "list",
            Self::Struct(_) => "object",
        })
    }
}

/// Two rows hold different types under the same key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column `{column}` holds a {found} here and a {expected} in an earlier row")]
pub struct ColumnConflict {
    /// The path of keys: `meta.scores.groundedness`.
    pub column: String,
    /// The type in earlier rows.
    pub expected: ColumnType,
    /// The type here.
    pub found: ColumnType,
}

/// Column names and types, in the order of their first appearance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns(Vec<(String, ColumnType)>);

impl Columns {
    /// Widens the columns by one row. Anything but an object adds nothing.
    ///
    /// # Errors
    /// [`ColumnConflict`] when the row holds another type than an earlier one; whole numbers and fractions agree, and null
    /// agrees with everything.
    pub fn widen(&mut self, row: &Value) -> Result<(), ColumnConflict> {
        row.as_object()
            .map_or(Ok(()), |object| self.widen_object(object, ""))
    }

    /// The columns, in order. Those that never held anything but null or empty objects are left out: no table has a type
    /// for them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ColumnType)> {
        self.0
            .iter()
            .filter(|(_, kind)| !kind.is_untyped())
            .map(|(name, kind)| (name.as_str(), kind))
    }

    /// `row` with exactly these columns: missing ones as null, untyped ones left out, order as here, whole numbers in a
    /// column of fractions as fractions.
    #[must_use]
    pub fn conform(&self, row: Value) -> Value {
        match row {
            Value::Object(mut object) => Value::Object(
                self.iter()
                    .map(|(name, kind)| {
                        let value = object.remove(name).unwrap_or_default();
                        (name.to_owned(), kind.conform(value))
                    })
                    .collect(),
            ),
            other => other,
        }
    }

    fn widen_object(
        &mut self,
        object: &Map<String, Value>,
        path: &str,
    ) -> Result<(), ColumnConflict> {
        for (name, value) in object {
            let path = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}.{name}")
            };
            if let Some((_, kind)) = self.0.iter_mut().find(|(known, _)| known == name) {
                kind.widen(value, &path)?;
            } else {
                let mut kind = ColumnType::Null;
                kind.widen(value, &path)?;
                self.0.push((name.clone(), kind));
            }
        }
        Ok(())
    }
}

impl ColumnType {
    fn widen(&mut self, value: &Value, path: &str) -> Result<(), ColumnConflict> {
        if *self == Self::Null {
            *self = Self::shallow(value);
        }
        match (&mut *self, value) {
            (_, Value::Null)
            | (Self::Bool, Value::Bool(_))
            | (Self::Float, Value::Number(_))
            | (Self::String, Value::String(_)) => Ok(()),
            (Self::Int, Value::Number(number)) => {
                if number.is_f64() {
                    *self = Self::Float;
                }
                Ok(())
            }
            (Self::List(inner), Value::Array(items)) => {
                items.iter().try_for_each(|item| inner.widen(item, path))
            }
            (Self::Struct(columns), Value::Object(object)) => columns.widen_object(object, path),
            (expected, found) => Err(ColumnConflict {
                column: path.to_owned(),
                expected: expected.clone(),
                found: Self::shallow(found),
            }),
        }
    }

    /// The type of `value` without looking inside.
    fn shallow(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Bool,
            Value::Number(number) if number.is_f64() => Self::Float,
            Value::Number(_) => Self::Int,
            Value::String(_) => Self::String,
            Value::Array(_) => Self::List(Box::new(Self::Null)),
            Value::Object(_) => Self::Struct(Columns::default()),
        }
    }

    fn conform(&self, value: Value) -> Value {
        match (self, value) {
            (Self::List(inner), Value::Array(items)) => {
                items.into_iter().map(|item| inner.conform(item)).collect()
            }
            (Self::Struct(columns), object @ Value::Object(_)) => columns.conform(object),
            (Self::Float, Value::Number(number)) => {
                number.as_f64().map_or(Value::Number(number), Value::from)
            }
            (_, value) => value,
        }
    }

    fn is_untyped(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Struct(columns) => columns.iter().next().is_none(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn of(rows: &[Value]) -> Result<Columns, ColumnConflict> {
        let mut columns = Columns::default();
        rows.iter().try_for_each(|row| columns.widen(row))?;
        Ok(columns)
    }

    #[test]
    fn rows_get_the_same_keys_in_the_same_order() {
        let rows = [
            json!({"a": 1, "m": {"s": {"x": 0.5}}}),
            json!({"m": {"s": {"y": 1}, "t": "u"}, "a": 2, "n": null}),
        ];
        let columns = of(&rows).unwrap();
        let out: Vec<String> = rows
            .into_iter()
            .map(|row| columns.conform(row).to_string())
            .collect();
        assert_eq!(
            out,
            [
                r#"{"a":1,"m":{"s":{"x":0.5,"y":null},"t":null}}"#,
                r#"{"a":2,"m":{"s":{"x":null,"y":1},"t":"u"}}"#
            ]
        );
    }

    #[test]
    fn structs_in_lists_agree_too() {
        let rows = [
            json!({"l": []}),
            json!({"l": [{"a": 1}, {"b": "x"}]}),
            json!({"l": null}),
        ];
        let columns = of(&rows).unwrap();
        assert_eq!(
            columns.conform(rows[1].clone()),
            json!({"l": [{"a": 1, "b": null}, {"a": null, "b": "x"}]})
        );
    }

    #[test]
    fn a_column_of_fractions_holds_no_whole_number() {
        let rows = [json!({"s": 1}), json!({"s": 0.5})];
        let columns = of(&rows).unwrap();
        assert_eq!(columns.conform(json!({"s": 1})).to_string(), r#"{"s":1.0}"#);
    }

    #[test]
    fn a_conflict_names_the_column_and_both_types() {
        let error = of(&[json!({"m": {"k": "x"}}), json!({"m": {"k": [1]}})]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "column `m.k` holds a list here and a string in an earlier row"
        );
    }

    fn row() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i32>().prop_map(Value::from),
            (-1e9..1e9_f64).prop_map(Value::from)
        ];
        let list = prop::collection::vec(
            prop::collection::btree_map("[ab]", leaf.clone(), 0..3).prop_map(|m| json!(m)),
            0..3,
        );
        (
            prop::option::of(leaf),
            prop::option::of(list),
            prop::option::of("[a-z]{0,3}"),
        )
            .prop_map(|(n, l, s)| json!({"n": n, "l": l, "s": s}))
    }

    proptest! {
        #[test]
        fn conformed_rows_are_a_fixed_point(rows in prop::collection::vec(row(), 0..6)) {
            let columns = of(&rows).unwrap();
            let once: Vec<Value> = rows.into_iter().map(|row| columns.conform(row)).collect();
            let again = of(&once).unwrap();
            for row in once {
                let keys: Vec<&str> = columns.iter().map(|(name, _)| name).collect();
                prop_assert_eq!(row.as_object().unwrap().keys().collect::<Vec<_>>(), keys);
                prop_assert_eq!(again.conform(row.clone()), row);
            }
        }
    }
}
