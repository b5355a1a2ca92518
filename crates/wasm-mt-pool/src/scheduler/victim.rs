//! Whom to steal from.

/// The one with the most jobs on its deque, `thief` excepted, and half of how many those are, at least one. The owner sees
/// all deques, so it need not try one after the other as threads do.
pub(crate) fn victim(thief: usize, deques: impl Iterator<Item = usize>) -> Option<(usize, usize)> {
    deques
        .enumerate()
        .filter(|&(worker, jobs)| worker != thief && jobs > 0)
        // `max_by_key` gives the last of equals; the first is as good, and is what a reader expects.
        .reduce(|best, next| if next.1 > best.1 { next } else { best })
        .map(|(worker, jobs)| (worker, jobs.div_ceil(2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_longest_deque_is_stolen() {
        assert_eq!(victim(0, [90, 3, 7, 7].into_iter()), Some((2, 4)));
        assert_eq!(victim(2, [0, 1, 50].into_iter()), Some((1, 1)));
        assert_eq!(victim(0, [9, 0].into_iter()), None);
    }
}
