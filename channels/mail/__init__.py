"""What mail needs beyond one provider file: reading MIME (`read`), writing it (`compose`), and the pieces both stand on."""
