-- a person or organisation record without a link would be nobody's
with parties as (
    select
        source,
        object,
        record_id
    from {{ ref('stg_person') }}
    union all
    select
        source,
        object,
        record_id
    from {{ ref('stg_organisation') }}
)

select
    parties.source,
    parties.object,
    parties.record_id
from parties
left join {{ ref('identity_link') }} as links
    on parties.source = links.source
    and parties.object = links.object
    and parties.record_id = links.record_id
where links.customer_id is null
