-- a document that is longer than it may be would push something else out of a model's prompt
select
    customer_id,
    role,
    {{ bytes_of('context') }} as bytes
from {{ ref('customer_context') }}
where {{ bytes_of('context') }} > {{ context_bytes() }}
