"""What a paper record is: patients, batches, pages, documents."""
