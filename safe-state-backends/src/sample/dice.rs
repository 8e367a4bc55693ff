//! Pseudo-random numbers, the same in every run.

/// The generator [SplitMix64](https://prng.di.unimi.it/splitmix64.c).
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Dice(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a number from 1 to `most`.
    pub(crate) fn up_to(&mut self, most: usize) -> usize {
        1 + usize::try_from(self.next() % most as u64).unwrap()
    }

    /// Chooses some of `count` things: few of them, many, or about half.
    pub(crate) fn choose(&mut self, count: usize) -> Vec<bool> {
        let share = self.up_to(16);
        (0..count).map(|_| self.up_to(16) < share).collect()
    }

    pub(crate) fn one_in(&mut self, many: usize) -> bool {
        self.up_to(many) == 1
    }
}
