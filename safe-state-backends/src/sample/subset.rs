//! Subsets of a number of things: all of them, or a random choice if they are many.

use super::dice::Dice;

/// The number of things up to which all subsets are tried. For more things, as many subsets are tried at random.
pub(crate) const EXHAUSTIVE: usize = 12;

/// Calls `visit` with subsets of `count` things. Each says for every thing whether it is in the subset.
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
