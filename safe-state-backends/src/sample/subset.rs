//! Subsets: all of them where they are few.

use super::dice::Dice;

/// Of so many things all subsets are tried; of more, as many at random.
pub(crate) const EXHAUSTIVE: usize = 12;

/// Calls `visit` with which of `count` things are in the subset.
pub(crate) fn each_subset(count: usize, dice: &mut Dice, mut visit: impl FnMut(&[bool])) {
    let mut kept = vec![false; count];
    for mask in 0..1_u32 << count.min(EXHAUSTIVE) {
        if count <= EXHAUSTIVE {
            kept.iter_mut().enumerate().for_each(|(i, kept)| *kept = mask >> i & 1 == 1);
        } else {
            kept = dice.choose(count);
        }
        visit(&kept);
    }
}
