//! Vectors of texts, row by row.

use crate::error::DedupeError;

/// Rows of numbers of one length, each scaled to length 1, so that a scalar product is a cosine. Memory is 4 bytes a number.
///
/// ```
/// use dsg_dedupe::TextVectors;
///
/// let mut vectors = TextVectors::new(2)?;
/// vectors.push(&[3.0, 4.0])?;
/// vectors.push(&[4.0, 3.0])?;
/// assert!((vectors.cosine(0, 1) - 0.96).abs() < 1e-6);
/// assert!(vectors.push(&[f32::NAN, 1.0]).is_err());
/// # Ok::<(), dsg_dedupe::DedupeError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct TextVectors {
    dimension: usize,
    values: Vec<f32>,
}

impl TextVectors {
    /// No rows yet, of `dimension` numbers each.
    ///
    /// # Errors
    /// [`DedupeError::Config`] when `dimension` is 0.
    pub fn new(dimension: usize) -> Result<Self, DedupeError> {
        if dimension == 0 {
            return Err(DedupeError::config(
                "dimension",
                "a vector has at least one number".to_owned(),
            ));
        }
        Ok(Self {
            dimension,
            values: Vec::new(),
        })
    }

    /// The rows of an iterator, such as what an [`Embedder`](dsg_core::Embedder) gave; none is of dimension 1.
    ///
    /// # Errors
    /// Those of [`TextVectors::push`].
    pub fn from_rows<R: AsRef<[f32]>>(
        rows: impl IntoIterator<Item = R>,
    ) -> Result<Self, DedupeError> {
        let mut rows = rows.into_iter().peekable();
        let dimension = rows.peek().map_or(1, |row| row.as_ref().len());
        let mut vectors = Self::new(dimension)?;
        for row in rows {
            vectors.push(row.as_ref())?;
        }
        Ok(vectors)
    }

    /// Adds a row, scaled to length 1.
    ///
    /// # Errors
    /// [`DedupeError::Vector`] naming the row, when it has another length, a number that is not finite, or zeros only.
    pub fn push(&mut self, row: &[f32]) -> Result<(), DedupeError> {
        let refuse = |problem: String| DedupeError::Vector {
            row: self.len(),
            problem,
        };
        if row.len() != self.dimension {
            let expected = self.dimension;
            return Err(refuse(format!(
                "{} numbers instead of {expected}",
                row.len()
            )));
        }
        if let Some(at) = row.iter().position(|value| !value.is_finite()) {
            return Err(refuse(format!("number {at} is not finite")));
        }
        let length = row
            .iter()
            .map(|value| f64::from(*value) * f64::from(*value))
            .sum::<f64>()
            .sqrt();
        if length <= 0.0 {
            return Err(refuse("all of its numbers are 0".to_owned()));
        }
        #[allow(
            clippy::cast_possible_truncation,
            reason = "a number of a vector of length 1"
        )]
        self.values
            .extend(row.iter().map(|value| (f64::from(*value) / length) as f32));
        Ok(())
    }

    /// Numbers in a row.
    pub const fn dimension(&self) -> usize {
        self.dimension
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.values.len() / self.dimension
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Row `number`, of length 1; empty past the end.
    pub fn row(&self, number: usize) -> &[f32] {
        let start = number.saturating_mul(self.dimension);
        self.values
            .get(start..start.saturating_add(self.dimension))
            .unwrap_or_default()
    }

    /// The cosine of two rows; 0 past the end.
    pub fn cosine(&self, a: usize, b: usize) -> f32 {
        dot(self.row(a), self.row(b))
    }
}

/// Lanes of a sum that run side by side; a compiler makes vector instructions of them.
const LANES: usize = 8;

/// The scalar product, always summed in the same order.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let (a_blocks, b_blocks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest = a_blocks.remainder().iter().zip(b_blocks.remainder());
    let tail: f32 = rest.map(|(x, y)| x * y).sum();
    for (x, y) in a_blocks.zip(b_blocks) {
        for (sum, (x, y)) in sums.iter_mut().zip(x.iter().zip(y)) {
            *sum += x * y;
        }
    }
    sums.iter().sum::<f32>() + tail
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_scaled_and_compared() {
        let vectors = TextVectors::from_rows([vec![2.0; 19], vec![-7.0; 19]]).unwrap();
        assert_eq!((vectors.len(), vectors.dimension()), (2, 19));
        assert!((vectors.cosine(0, 1) + 1.0).abs() < 1e-6);
        assert!(vectors.cosine(0, 2).abs() < 1e-9);
    }

    #[test]
    fn what_cannot_be_compared_is_refused_with_its_row() {
        let mut vectors = TextVectors::new(2).unwrap();
        vectors.push(&[1.0, 0.0]).unwrap();
        let refused = |row: &[f32]| vectors.clone().push(row).unwrap_err().to_string();
        assert_eq!(refused(&[1.0]), "vector 1: 1 numbers instead of 2");
        assert_eq!(
            refused(&[1.0, f32::INFINITY]),
            "vector 1: number 1 is not finite"
        );
        assert_eq!(refused(&[0.0, 0.0]), "vector 1: all of its numbers are 0");
        assert!(TextVectors::new(0).is_err());
        assert!(TextVectors::from_rows::<Vec<f32>>([]).unwrap().is_empty());
    }
}
