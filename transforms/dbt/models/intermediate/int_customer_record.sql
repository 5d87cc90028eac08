with parties as (
    select
        {{ party_columns() | join(', ') }},
        trim(concat_ws(' ', given_name, family_name)) as full_name,
        given_name,
        family_name,
        mobile,
        organisation_object,
        organisation_record_id
    from {{ ref('stg_person') }}

    union all

    select
        {{ party_columns() | join(', ') }},
        name as full_name,
        null as given_name,
        null as family_name,
        null as mobile,
        null as organisation_object,
        null as organisation_record_id
    from {{ ref('stg_organisation') }}
),

links as (
    select * from {{ source('identity', 'link') }}
),

sources as (
    select * from {{ ref('stg_source') }}
),

-- narrow rows: sorting the whole records would cost more than all the rest
numbered as (
    select
        links.source,
        links.object,
        links.record_id,
        links.customer_id,
        links.customer_type,
        sources.rank as source_rank,
        sources.fresh_at,
        parties.modified_at,
        parties.observed_at,
        cast(row_number() over (
            order by links.customer_id, links.source, links.object, links.record_id
        ) as integer) as record_no
    from links
    inner join parties
        on links.source = parties.source
        and links.object = parties.object
        and links.record_id = parties.record_id
    left join sources
        on links.source = sources.source
),

positions as (
    select
        source,
        object,
        record_id,
        customer_id,
        customer_type,
        source_rank,
        fresh_at,
        record_no,
        min(record_no) over (partition by customer_id) as customer_no,
        count(*) over (partition by customer_id) as customer_records,
        dense_rank() over (
            partition by customer_id
            order by modified_at desc nulls last, observed_at desc
        ) as recency
    from numbered
),

-- far fewer than the personal ones, which need no mark
unusual_contact_points as (
    select
        kind,
        value,
        class
    from {{ source('identity', 'contact_point') }}
    where class <> 'personal'
),

positioned as (
    select
        positions.customer_id,
        positions.customer_type,
        positions.source_rank,
        positions.fresh_at,
        positions.record_no,
        positions.customer_no,
        positions.customer_records,
        positions.recency,
        parties.*,
        employer.customer_id as organisation_id,
        {{ contact_quality('parties.email', 'emails.class') }} as email_quality,
        {{ contact_quality('parties.phone', 'phones.class') }} as landline_quality,
        {{ contact_quality('parties.mobile', 'mobiles.class') }} as mobile_quality,
        least(landline_quality, mobile_quality) as phone_quality
    from parties
    inner join positions
        on parties.source = positions.source
        and parties.object = positions.object
        and parties.record_id = positions.record_id
    left join links as employer
        on parties.source = employer.source
        and parties.organisation_object = employer.object
        and parties.organisation_record_id = employer.record_id
        and employer.customer_type = 'organisation'
    left join unusual_contact_points as emails
        on parties.email = emails.value
        and emails.kind = 'email'
    left join unusual_contact_points as phones
        on parties.phone = phones.value
        and phones.kind = 'phone'
    left join unusual_contact_points as mobiles
        on parties.mobile = mobiles.value
        and mobiles.kind = 'mobile'
),

final as (
    select
        -- ids
        positioned.customer_id,
        positioned.source,
        positioned.object,
        positioned.record_id,
        positioned.organisation_id,
        positioned.owner_user_id,

        -- texts
        positioned.customer_type,
        nullif(positioned.full_name, '') as display_name,
        positioned.given_name,
        positioned.family_name,
        case when positioned.email_quality is not null then positioned.email end as email,
        case
            when positioned.mobile_quality = positioned.phone_quality then positioned.mobile
            when positioned.landline_quality = positioned.phone_quality then positioned.phone
        end as phone_e164,
        case when positioned.landline_quality is not null then positioned.phone end as landline,
        case when positioned.mobile_quality is not null then positioned.mobile end as mobile,
        positioned.street,
        positioned.postal_code,
        positioned.city,
        positioned.region,
        positioned.country,
        positioned.language,
        positioned.timezone,
        positioned.status,
        positioned.sla,
        positioned.plan,
        positioned.consent_ai,
        positioned.consent_email,
        positioned.consent_phone,

        -- what the rules of survivorship compare
        positioned.record_no,
        positioned.customer_no,
        positioned.customer_records,
        positioned.source_rank,
        positioned.recency,
        positioned.email_quality,
        positioned.phone_quality,
        {{ stated_quality('positioned.language', 'language') }} as language_quality,
        {{ stated_quality('positioned.timezone', 'timezone') }} as timezone_quality,

        -- flags
        {{ has_element('positioned.filled', "'country'") }} as country_is_filled,

        -- dates
        positioned.created_on as customer_since,

        -- times
        positioned.modified_at,
        positioned.observed_at,
        positioned.last_activity_at,
        positioned.fresh_at
    from positioned
)

select * from final
