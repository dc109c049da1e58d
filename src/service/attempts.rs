//! How often somebody may try to sign in. The limits are this process's own, and forget; nobody is locked out for good, and
//! whoever signed in from a browser before is not held up by strangers who try their name.

use crate::scim::text;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock as _};
use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    time::Duration,
};

/// The limits.
#[derive(Debug)]
pub struct Attempts {
    /// From one address: a burst, and one more every two seconds.
    addresses: DefaultKeyedRateLimiter<String>,
    /// At one name or account: a burst, and one more every half minute.
    accounts: DefaultKeyedRateLimiter<String>,
    /// Journeys to providers and back, from one address: many, for a whole office may have one.
    journeys: DefaultKeyedRateLimiter<String>,
    /// Letters to one person: a few, and one more every ten minutes.
    letters: DefaultKeyedRateLimiter<String>,
}

/// There were too many; after so many seconds another may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany(pub u64);

impl Default for Attempts {
    fn default() -> Self {
        Self {
            addresses: RateLimiter::keyed(quota(Duration::from_secs(2), 60)),
            accounts: RateLimiter::keyed(quota(Duration::from_secs(30), 10)),
            journeys: RateLimiter::keyed(quota(Duration::from_millis(100), 600)),
            letters: RateLimiter::keyed(quota(Duration::from_secs(600), 3)),
        }
    }
}

fn quota(period: Duration, burst: u32) -> Quota {
    let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
    let quota = Quota::with_period(period).unwrap_or(Quota::per_second(burst));
    quota.allow_burst(burst)
}

impl Attempts {
    /// Counts an attempt from an address at an account, which is named by whatever tells it from others.
    pub(super) fn count(&self, address: &str, account: &str) -> Result<(), TooMany> {
        check(&self.addresses, &network(address))?;
        check(&self.accounts, account)
    }

    /// Counts a step of a journey to a provider, there or back.
    pub(super) fn count_journey(&self, address: &str) -> Result<(), TooMany> {
        check(&self.journeys, &network(address))
    }

    /// Whether it is worth writing down what an address brought that nobody asked for: a few times, for anybody can bring more.
    pub(super) fn may_note(&self, address: &str) -> bool {
        check(&self.accounts, &format!("noted from {}", network(address))).is_ok()
    }

    /// Counts a letter to somebody; whether it may be written.
    pub(super) fn may_write_to(&self, person: &str) -> bool {
        check(&self.letters, person).is_ok()
    }

    /// Forgets those who rest.
    pub fn forget(&self) {
        for limits in [&self.addresses, &self.accounts, &self.journeys, &self.letters] {
            limits.retain_recent();
            limits.shrink_to_fit();
        }
    }
}

fn check(limits: &DefaultKeyedRateLimiter<String>, key: &str) -> Result<(), TooMany> {
    let refused = limits.check_key(&key.to_owned()).err();
    refused.map_or(Ok(()), |until| Err(TooMany(until.wait_time_from(limits.clock().now()).as_secs() + 1)))
}

/// The name of an account of an organization that nobody proved to know: what was typed, however it was written.
pub(super) fn typed(organization: &str, login: &str) -> String {
    let shown: String = login.chars().take(256).collect();
    format!("{organization} typed {}", text::fold(&shown))
}

/// An address, or its network where one person has a whole one (IPv6).
fn network(address: &str) -> String {
    match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V6(wide)) => {
            let [a, b, c, d, ..] = wide.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).to_string()
        }
        Ok(narrow) => narrow.to_string(),
        Err(_) => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_is_tried_a_few_times_and_others_go_on() {
        let attempts = Attempts::default();

        let tried: Vec<bool> =
            (0..11).map(|n| attempts.count(&format!("10.0.0.{n}"), &typed("o", "Ada")).is_ok()).collect();

        assert_eq!(tried, [vec![true; 10], vec![false]].concat());
        assert!(matches!(attempts.count("10.0.1.1", &typed("o", "ADA")), Err(TooMany(1..=30))));
        assert_eq!(attempts.count("10.0.1.1", "known to this browser: ada"), Ok(()));
        assert_eq!(attempts.count("10.0.1.1", &typed("o", "ben")), Ok(()));
    }

    #[test]
    fn one_address_tries_many_names_for_a_while_only() {
        let attempts = Attempts::default();

        let n_tried =
            (0..100).filter(|n| attempts.count("2001:db8::1", &typed("o", &n.to_string())).is_ok()).count();

        assert_eq!(n_tried, 60);
        assert!(attempts.count("2001:db8::2", &typed("o", "another in this network")).is_err());
        // an address of the old kind, however it is written, is itself
        assert_eq!(network("::ffff:10.1.1.1"), "10.1.1.1");
        assert_eq!(attempts.count("2001:db8:1::1", &typed("o", "another network")), Ok(()));
    }
}
