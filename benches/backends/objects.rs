//! The client of S3.

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{ObjectStore, PutMode, PutOptions};
use safe_state_base::url::from_url;
use tokio::runtime::{Builder, Runtime};

use crate::RECORD;

const BUCKET: &str = "safe-state";

pub(crate) struct Driver {
    store: AmazonS3,
    runtime: Runtime,
    round: u32,
}

impl crate::Driver for Driver {
    /// The number of saves is so small that no snapshot is due.
    const SAVES: u32 = 100;

    fn backend_url(endpoint: &str) -> String {
        let credentials = "access_key_id=tester&secret_access_key=any";
        format!("s3://{BUCKET}/bench?region=us-east-1&endpoint={endpoint}&{credentials}")
    }

    fn connect(endpoint: &str) -> Self {
        // Making a backend also sets the crypto provider for the client's TLS.
        from_url(&Self::backend_url(endpoint)).expect("a backend");
        let builder = AmazonS3Builder::new().with_bucket_name(BUCKET).with_endpoint(endpoint);
        let builder = builder.with_access_key_id("tester").with_secret_access_key("any");
        let store = builder.with_allow_http(true).build().expect("a store");
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        Driver { store, runtime, round: 0 }
    }

    fn write(&mut self, number: u32) {
        let path = Path::from(format!("driver/{}/{number:020}", self.round));
        let create = PutOptions::from(PutMode::Create);
        let put = self.store.put_opts(&path, RECORD.to_vec().into(), create);
        self.runtime.block_on(put).expect("an object");
    }

    /// Gives the next objects other names, which costs less than removing the old ones.
    fn clear(&mut self) {
        self.round += 1;
    }
}
