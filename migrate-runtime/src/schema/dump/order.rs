//! An order in which everything comes after what it needs, and which depends on nothing else than names.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What comes out of [`sorted`].
pub(super) struct Sorted {
    /// In order, as far as there is one.
    pub(super) order: Vec<usize>,
    /// What is left, which is not in the order: it needs itself, or something that does.
    pub(super) left: Vec<usize>,
}

/// Sorts `0..needs.len()`, where `needs` has for each what has to come before it: always the lowest one that has all
/// that it needs.
pub(super) fn sorted(needs: &[Vec<usize>]) -> Sorted {
    let mut missing: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut users = vec![Vec::new(); needs.len()];
    for (user, needs) in needs.iter().enumerate() {
        for needed in needs {
            users[*needed].push(user);
        }
    }
    let free = (0..needs.len()).filter(|it| missing[*it] == 0).map(Reverse);
    let mut free: BinaryHeap<_> = free.collect();
    let mut order = Vec::with_capacity(needs.len());
    while let Some(Reverse(next)) = free.pop() {
        order.push(next);
        for user in &users[next] {
            missing[*user] -= 1;
            if missing[*user] == 0 {
                free.push(Reverse(*user));
            }
        }
    }
    let left = (0..needs.len()).filter(|it| missing[*it] > 0).collect();
    Sorted { order, left }
}

/// The number of the circle that each is in; none for what is in no circle. As Tarjan finds them, without recursion.
pub(super) fn circles(needs: &[Vec<usize>]) -> Vec<Option<usize>> {
    let mut search = Search {
        needs,
        index: vec![usize::MAX; needs.len()],
        low: vec![0; needs.len()],
        stack: Vec::new(),
        is_on_stack: vec![false; needs.len()],
        count: 0,
        found: vec![None; needs.len()],
        circles: 0,
    };
    for start in 0..needs.len() {
        if search.index[start] == usize::MAX {
            search.from(start);
        }
    }
    search.found
}

struct Search<'n> {
    needs: &'n [Vec<usize>],
    index: Vec<usize>,
    low: Vec<usize>,
    stack: Vec<usize>,
    is_on_stack: Vec<bool>,
    count: usize,
    found: Vec<Option<usize>>,
    circles: usize,
}

impl Search<'_> {
    fn from(&mut self, start: usize) {
        // Each with the number of what it needs that was looked at.
        let mut path = vec![(start, 0)];
        self.enter(start);
        while let Some((node, next)) = path.last_mut() {
            let node = *node;
            let Some(needed) = self.needs[node].get(*next).copied() else {
                path.pop();
                if let Some((before, _)) = path.last() {
                    self.low[*before] = self.low[*before].min(self.low[node]);
                }
                self.leave(node);
                continue;
            };
            *next += 1;
            if self.index[needed] == usize::MAX {
                self.enter(needed);
                path.push((needed, 0));
            } else if self.is_on_stack[needed] {
                self.low[node] = self.low[node].min(self.index[needed]);
            }
        }
    }

    fn enter(&mut self, node: usize) {
        self.index[node] = self.count;
        self.low[node] = self.count;
        self.count += 1;
        self.stack.push(node);
        self.is_on_stack[node] = true;
    }

    fn leave(&mut self, node: usize) {
        if self.low[node] != self.index[node] {
            return;
        }
        let start = self.stack.iter().rposition(|it| *it == node).unwrap_or_default();
        let members = self.stack.split_off(start);
        for member in &members {
            self.is_on_stack[*member] = false;
        }
        if members.len() > 1 {
            for member in members {
                self.found[member] = Some(self.circles);
            }
            self.circles += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_comes_first_and_names_decide_the_rest() {
        let sorted = sorted(&[vec![3], vec![], vec![0, 1], vec![]]);
        assert_eq!(sorted.order, [1, 3, 0, 2]);
        assert!(sorted.left.is_empty());
    }

    #[test]
    fn circles_are_found_and_what_needs_them_is_none() {
        let needs = [vec![1], vec![2], vec![1], vec![4], vec![3, 0], vec![]];
        let sorted = sorted(&needs);
        assert_eq!((sorted.order, sorted.left), (vec![5], vec![0, 1, 2, 3, 4]));
        let circles = circles(&needs);
        assert_eq!(circles[0], None);
        assert_eq!(circles[5], None);
        assert!(circles[1].is_some() && circles[1] == circles[2]);
        assert!(circles[3].is_some() && circles[3] == circles[4] && circles[3] != circles[1]);
    }

    #[test]
    fn a_long_chain_is_no_deep_stack() {
        let needs: Vec<Vec<usize>> = (0..200_000).map(|it| vec![(it + 1) % 200_000]).collect();
        assert!(circles(&needs).iter().all(|it| *it == Some(0)));
    }
}
