//! Which request of a target is next, by weight. A pure function of the seed and of the number of the
//! request, so that every worker and every shard chooses without asking the others.

use super::Target;

/// The weights of a target, added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mix {
    /// The sum of the weights up to and with each request.
    ends: Box<[u64]>,
    seed: u64,
}

impl Mix {
    pub fn new(target: &Target, seed: u64) -> Self {
        let mut sum = 0;
        let ends = target.requests().iter().map(|request| {
            sum += u64::from(request.weight.max(1));
            sum
        });
        Self {
            ends: ends.collect(),
            seed,
        }
    }

    /// The index of request `number` of the run, over all workers and shards.
    pub fn choose(&self, number: u64) -> usize {
        let Some(all) = self.ends.last() else {
            return 0;
        };
        let drawn = (u128::from(scrambled(self.seed, number)) * u128::from(*all)) >> 64;
        self.ends.partition_point(|end| u128::from(*end) <= drawn)
    }
}

/// A number that looks drawn by chance: SplitMix64 of Steele, Lea and Flood, jumped to `number`.
pub(in crate::loadtest) const fn scrambled(seed: u64, number: u64) -> u64 {
    let mut state = seed.wrapping_add(number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

#[cfg(test)]
mod tests {
    use super::super::Request;
    use super::*;
    use crate::redact::SecretUrl;

    fn mix(weights: &[u32], seed: u64) -> Mix {
        let requests = weights.iter().map(|weight| {
            let url = SecretUrl::new("http://h/");
            let mut request = Request::new(&url, "GET", Vec::new(), Vec::new()).expect("one");
            request.weight = *weight;
            request
        });
        Mix::new(&Target::of(requests.collect()).expect("some"), seed)
    }

    #[test]
    fn weights_are_kept() {
        for seed in [0, 1, 77, u64::MAX] {
            let mix = mix(&[70, 25, 5], seed);
            let mut counts = [0_u32; 3];
            for number in 0..100_000 {
                counts[mix.choose(number)] += 1;
            }
            // Six standard deviations of the largest part.
            for (count, wanted) in counts.iter().zip([70_000_u32, 25_000, 5_000]) {
                assert!(count.abs_diff(wanted) < 900, "{counts:?} of seed {seed}");
            }
        }
    }

    #[test]
    fn a_seed_chooses_the_same_and_another_one_something_else() {
        let choices = |seed| -> Vec<usize> {
            let mix = mix(&[1, 1, 1], seed);
            (0..50).map(|number| mix.choose(number)).collect()
        };
        assert_eq!(choices(5), choices(5));
        assert_ne!(choices(5), choices(6));
        assert!((0..50).all(|number| mix(&[3], 1).choose(number) == 0));
    }
}
