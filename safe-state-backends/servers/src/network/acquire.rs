//! The acquisition of a lease.

use std::time::Instant;

use super::access::Access;
use super::holder::{LeaseHolder, Renewal, Saved};
use super::limits::OPENING;
use super::{AcquireRequest, Acquired, Connect, LeaseToken, Session, Trouble, retry};
use safe_state_backends::name;
use safe_state_backends::{Error, Holder, LeaseOptions};

/// Takes the lease on a job.
pub(super) fn acquire<C: Connect>(
    access: Access<C>,
    job: String,
    options: LeaseOptions,
) -> Result<LeaseHolder<C>, Error> {
    let trouble = Trouble::at("taking the lease", &job, &*access.connect);
    let limits = access.limits;
    let (key, holder) = (name::encode(&job), Holder::this_process().to_line());
    // The presence file is made before the lease, so that whoever sees the lease finds the file.
    #[cfg(unix)]
    let presence = safe_state_backends::Presence::tell();
    let mut over = None;
    let mut asked = Instant::now();
    let mut acquire = |session: &mut C::Session| {
        asked = Instant::now();
        let request = AcquireRequest { key: &key, holder: &holder, time: limits.lease, over };
        let acquired = match session.acquire(&request)? {
            Acquired::No { epoch, holder: other } if is_free(&other, &holder) => {
                over = Some(epoch);
                session.acquire(&AcquireRequest { over, ..request })?
            }
            acquired => acquired,
        };
        Ok(acquired)
    };
    let once = || access.on_any(&mut acquire);
    let acquired = retry::until(OPENING.min(limits.retry), &job, once);
    let (session, epoch) = match acquired.map_err(trouble)? {
        (session, Acquired::Yes { epoch }) => (session, epoch),
        (session, Acquired::No { holder, .. }) => {
            access.idle.give_back(session);
            return Err(Error::Held { job, holder: Holder::from_line(&holder).map(Box::new) });
        }
    };
    let (time, durability) = (limits.lease, options.durability);
    let token = LeaseToken { key, holder, epoch, time, until: asked + time, durability };
    let renewal = Renewal { due: Instant::now() + limits.lease / 3, is_lost: false };
    Ok(LeaseHolder {
        access,
        job,
        token,
        session: Some(session),
        saved: Saved::default(),
        renewal,
        #[cfg(unix)]
        _presence: presence,
    })
}

/// Returns whether the lease of `other` can be taken: its holder has ended, or it is our own, taken by an attempt whose answer
/// was lost.
fn is_free(other: &str, ours: &str) -> bool {
    other == ours || Holder::from_line(other).is_some_and(|other| other.has_left())
}
