//! Which request of a target is next, by weight. A pure function of the seed and of the number of the
//! request, so that every worker and every shard chooses without asking the others.

use super::{Request, Target};

/// The weights of a target, added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mix {
    counted: Weighted,
    aside: Option<(u64, Weighted)>,
    seed: u64,
}

/// Requests and their weights.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Weighted {
    /// The sum of the weights up to and with each request.
    ends: Box<[u64]>,
    /// How many variants each has, itself among them, and where they begin in the row.
    variants: Box<[(usize, usize)]>,
}

/// A request among those of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Among all that the target may send: `Target::all`.
    pub row: usize,
    /// Among its requests, or among those that are counted apart.
    pub index: usize,
    pub is_aside: bool,
}

impl Mix {
    pub fn new(target: &Target, seed: u64) -> Self {
        let (counted, next) = Weighted::new(target.requests().iter(), 0);
        let aside = target.aside().map(|aside| {
            let (weighted, _) = Weighted::new(aside.requests(), next);
            (aside.one_in(), weighted)
        });
        Self {
            counted,
            aside,
            seed,
        }
    }

    /// Request `number` of the run, over all workers and shards.
    pub fn choose(&self, number: u64) -> Place {
        if let Some((one_in, weighted)) = &self.aside {
            // One in every stretch of so many, at a place of its own in each, so that no shard and
            // no rhythm of the server meets all of them or none.
            let stretch = number / one_in;
            let place = below(scrambled(self.seed.rotate_left(16), stretch), *one_in);
            if number % one_in == place {
                return weighted.choose(self.seed, number, true);
            }
        }
        self.counted.choose(self.seed, number, false)
    }
}

impl Weighted {
    /// With the place in the row after the last one.
    fn new<'r>(requests: impl Iterator<Item = &'r Request>, first: usize) -> (Self, usize) {
        let (mut sum, mut next) = (0, first);
        let (mut ends, mut variants) = (Vec::new(), Vec::new());
        for request in requests {
            sum += u64::from(request.weight.max(1));
            ends.push(sum);
            let count = 1 + request.variants.len();
            variants.push((count, next));
            next += count;
        }
        let weighted = Self {
            ends: ends.into(),
            variants: variants.into(),
        };
        (weighted, next)
    }

    fn choose(&self, seed: u64, number: u64, is_aside: bool) -> Place {
        let drawn = below(
            scrambled(seed, number),
            self.ends.last().copied().unwrap_or(0),
        );
        let index = self.ends.partition_point(|end| *end <= drawn);
        let (count, first) = self.variants.get(index).copied().unwrap_or((1, 0));
        let variant = match count {
            1 => 0,
            several => below(scrambled(seed.rotate_left(48), number), several as u64) as usize,
        };
        Place {
            row: first + variant,
            index,
            is_aside,
        }
    }
}

/// A number below `limit`, by the same chance each; 0 below 0.
fn below(drawn: u64, limit: u64) -> u64 {
    ((u128::from(drawn) * u128::from(limit)) >> 64) as u64
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
    use super::super::{Aside, Fault, Request};
    use super::*;
    use crate::redact::SecretUrl;

    fn request(weight: u32, variants: usize) -> Request {
        let url = SecretUrl::new("http://h/");
        let mut request = Request::new(&url, "GET", Vec::new(), Vec::new()).expect("one");
        request.variants = vec![request.clone(); variants];
        request.weight = weight;
        request
    }

    fn target(weights: &[u32]) -> Target {
        let requests = weights.iter().map(|weight| request(*weight, 0));
        Target::of(requests.collect()).expect("some")
    }

    #[test]
    fn weights_are_kept() {
        for seed in [0, 1, 77, u64::MAX] {
            let mix = Mix::new(&target(&[70, 25, 5]), seed);
            let mut counts = [0_u32; 3];
            for number in 0..100_000 {
                counts[mix.choose(number).index] += 1;
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
            let mix = Mix::new(&target(&[1, 1, 1]), seed);
            (0..50).map(|number| mix.choose(number).index).collect()
        };
        assert_eq!(choices(5), choices(5));
        assert_ne!(choices(5), choices(6));
        let one = Mix::new(&target(&[3]), 1);
        assert!((0..50).all(|number| one.choose(number).row == 0));
    }

    #[test]
    fn variants_share_the_weight_of_their_request() {
        let target = Target::of(vec![request(1, 7), request(1, 0)]).expect("some");
        assert_eq!(target.all().count(), 9);
        let mix = Mix::new(&target, 3);
        let mut rows = [0_u32; 9];
        for number in 0..80_000 {
            rows[mix.choose(number).row] += 1;
        }
        assert!(rows[8].abs_diff(40_000) < 900, "{rows:?}");
        for row in &rows[..8] {
            assert!(row.abs_diff(5_000) < 450, "{rows:?}");
        }
    }

    #[test]
    fn one_in_so_many_is_counted_apart_and_the_weights_of_the_others_stay() {
        let fault = Fault {
            request: "a".to_owned(),
            breaks: "b".to_owned(),
            pointer: String::new(),
            lenient: false,
        };
        let aside = Aside::new(20, vec![(request(1, 0), fault)]);
        let target = target(&[3, 1]).with_aside(aside);
        let mix = Mix::new(&target, 9);
        let places: Vec<Place> = (0..20_000).map(|number| mix.choose(number)).collect();
        for stretch in places.chunks(20) {
            let apart = stretch.iter().filter(|place| place.is_aside);
            assert_eq!(apart.map(|place| place.row).collect::<Vec<_>>(), [2]);
        }
        // Shards meet their part of them.
        for shard in 0..4 {
            let own = places.iter().skip(shard).step_by(4);
            let apart = own.filter(|place| place.is_aside).count();
            assert!(apart.abs_diff(250) < 90, "{apart} in shard {shard}");
        }
        let first = places
            .iter()
            .filter(|place| !place.is_aside && place.index == 0);
        assert!(first.count().abs_diff(14_250) < 400);
    }
}
