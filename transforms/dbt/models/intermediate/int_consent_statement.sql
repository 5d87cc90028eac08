{%- set purposes = ['ai', 'email', 'phone'] -%}

with records as (
    select * from {{ ref('int_customer_record') }}
),

-- A flag does not say when the customer said so. A denial is taken to be as new as the record; a grant is never taken to be
-- newer than what the customer is known to have said on the record's behalf (stated_at is null).
flags as (
    {% for purpose in purposes -%}
    select
        customer_id,
        source as about_source,
        object as about_object,
        record_id as about_record_id,
        '{{ purpose }}' as purpose,
        consent_{{ purpose }} as state,
        source,
        object,
        record_id,
        observed_at,
        case when consent_{{ purpose }} = 'denied' then coalesce(modified_at, observed_at) end as stated_at,
        false as is_dated
    from records
    where consent_{{ purpose }} in ('granted', 'denied')
    {% if not loop.last %}
    union all

    {% endif %}
    {%- endfor %}
),

statements as (
    select
        links.customer_id,
        links.source as about_source,
        links.object as about_object,
        links.record_id as about_record_id,
        consents.purpose,
        consents.state,
        consents.source,
        consents.object,
        consents.record_id,
        consents.observed_at,
        coalesce(consents.stated_at, consents.modified_at, consents.observed_at) as stated_at,
        consents.stated_at is not null as is_dated
    from {{ ref('stg_consent') }} as consents
    inner join {{ source('identity', 'link') }} as links
        on consents.source = links.source
        and consents.person_object = links.object
        and consents.person_record_id = links.record_id
    where
        consents.state in ('granted', 'denied')
        and (consents.stated_at is null or consents.stated_at < {{ end_of_as_of() }})
),

everything_said as (
    select * from flags
    union all
    select * from statements
),

-- of one instant the denial; of one record, what it says by itself before a flag of it
final as (
    select
        customer_id,
        purpose,
        state,
        source,
        object,
        record_id,
        observed_at,
        stated_at,
        is_dated
    from everything_said
    qualify row_number() over (
        partition by about_source, about_object, about_record_id, purpose
        order by stated_at desc nulls last, state, is_dated desc, source, object, record_id
    ) = 1
)

select * from final
