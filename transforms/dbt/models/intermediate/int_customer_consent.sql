{%- set purposes = ['ai', 'email', 'phone'] -%}

-- a flag on the record itself does not say when the customer said so: the record's last change is the best there is
with flags as (
    {% for purpose in purposes -%}
    select
        customer_id,
        '{{ purpose }}' as purpose,
        consent_{{ purpose }} as state,
        coalesce(modified_at, observed_at) as stated_at,
        false as is_dated
    from {{ ref('int_customer_record') }}
    where consent_{{ purpose }} in ('granted', 'denied')
    {% if not loop.last %}
    union all

    {% endif %}
    {%- endfor %}
),

statements as (
    select
        links.customer_id,
        consents.purpose,
        consents.state,
        coalesce(consents.stated_at, consents.modified_at, consents.observed_at) as stated_at,
        consents.stated_at is not null as is_dated
    from {{ ref('stg_consent') }} as consents
    inner join {{ source('identity', 'link') }} as links
        on consents.source = links.source
        and consents.person_object = links.object
        and consents.person_record_id = links.record_id
    where consents.state in ('granted', 'denied')
),

everything_said as (
    select * from flags
    union all
    select * from statements
),

weighed as (
    select
        customer_id,
        purpose,
        max(stated_at) filter (where state = 'denied') as denied_at,
        max(stated_at) filter (where state = 'granted' and is_dated) as granted_explicitly_at
    from everything_said
    group by customer_id, purpose
),

-- only an explicit, dated grant that is newer than every denial beats one
decided as (
    select
        customer_id,
        purpose,
        case
            when denied_at is null or granted_explicitly_at > denied_at then 'granted'
            else 'denied'
        end as state
    from weighed
),

final as (
    select
        {% for purpose in purposes -%}
        max(state) filter (where purpose = '{{ purpose }}') as consent_{{ purpose }},
        {% endfor -%}
        customer_id
    from decided
    group by customer_id
)

select * from final
