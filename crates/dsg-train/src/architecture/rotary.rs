//! The two orders of rotated rows.
//!
//! Rotary positions turn two values of a head together. Hugging Face's files have the first values of all pairs before the second ones
//! (halves); GGUF files of the architecture `llama` have the two side by side (pairs), which llama.cpp's converter brings about.

/// Rows of query or key, or what belongs to them, from the order of GGUF files of the architecture `llama` to that of Hugging Face.
///
/// `rows` holds rows of `columns` values, a whole number of heads of `head_width` rows; other lengths come back as they are.
pub fn halves_from_pairs<T: Copy>(rows: &[T], columns: usize, head_width: usize) -> Vec<T> {
    reorder(rows, columns, head_width, |row, half| {
        2 * (row % half) + row / half
    })
}

/// The inverse of [`halves_from_pairs`].
pub fn pairs_from_halves<T: Copy>(rows: &[T], columns: usize, head_width: usize) -> Vec<T> {
    reorder(rows, columns, head_width, |row, half| {
        row / 2 + (row % 2) * half
    })
}

/// Row `n` of a head of the result is row `source(n, head_width / 2)` of the same head.
fn reorder<T: Copy>(
    rows: &[T],
    columns: usize,
    head_width: usize,
    source: impl Fn(usize, usize) -> usize,
) -> Vec<T> {
    let head = columns.saturating_mul(head_width);
    if head == 0 || !rows.len().is_multiple_of(head) || !head_width.is_multiple_of(2) {
        return rows.to_vec();
    }
    let mut result = Vec::with_capacity(rows.len());
    for rows in rows.chunks_exact(head) {
        for row in 0..head_width {
            let start = source(row, head_width / 2) * columns;
            result.extend_from_slice(rows.get(start..start + columns).unwrap_or_default());
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_those_of_the_converter() {
        // reshape(heads, 2, width / 2).swapaxes(1, 2) of two heads of six rows of one value.
        let halves: Vec<u8> = (0..12).collect();
        let pairs = [0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11];
        assert_eq!(pairs_from_halves(&halves, 1, 6), pairs);
        assert_eq!(halves_from_pairs(&pairs, 1, 6), halves);
    }

    #[test]
    fn rows_stay_whole() {
        let halves = [0, 1, 10, 11, 20, 21, 30, 31];
        let pairs = pairs_from_halves(&halves, 2, 4);
        assert_eq!(pairs, [0, 1, 20, 21, 10, 11, 30, 31]);
        assert_eq!(halves_from_pairs(&pairs, 2, 4), halves);
    }

    #[test]
    fn what_has_no_whole_heads_is_left() {
        assert_eq!(halves_from_pairs(&[1, 2, 3], 2, 4), [1, 2, 3]);
        assert_eq!(halves_from_pairs(&[1, 2, 3], 0, 4), [1, 2, 3]);
    }
}
