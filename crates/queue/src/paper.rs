//! Reports of our own: they enter by the same door as everything that leaves.

use bytes::Bytes;
use tegami_mail::{Address, Domain, Envelope, ReversePath};
use tegami_store::Origin;

use crate::intake::Intake;
use crate::permit::Permit;
use crate::submission::{Accepted, IntakeError, Options, Submission};

impl Intake {
    /// Takes a report of ours, to be signed by `domain`. Its reverse-path is null: nobody answers it, and no notification is sent when it
    /// does not arrive.
    ///
    /// # Errors
    /// An [`IntakeError`]; nothing was kept.
    pub async fn send_paper(
        &self,
        domain: &Domain,
        to: Address,
        content: Bytes,
    ) -> Result<Accepted, IntakeError> {
        let permit = Permit::own(Envelope::new(ReversePath::Null, [to]));
        let options = Options::default();
        self.accept(Submission { permit, origin: Origin::Own, domain: domain.clone(), content, options })
            .await
    }
}
