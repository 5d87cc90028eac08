with parties as (
    select
        source,
        object,
        record_id,
        modified_at,
        observed_at,
        filled,
        trim(concat_ws(' ', given_name, family_name)) as full_name,
        given_name,
        family_name,
        email,
        phone,
        mobile,
        street,
        postal_code,
        city,
        region,
        country,
        language,
        timezone,
        status,
        sla,
        plan,
        created_on,
        last_activity_at,
        consent_ai,
        consent_email,
        consent_phone,
        organisation_object,
        organisation_record_id,
        owner_user_id
    from {{ ref('stg_person') }}

    union all

    select
        source,
        object,
        record_id,
        modified_at,
        observed_at,
        filled,
        name as full_name,
        null as given_name,
        null as family_name,
        email,
        phone,
        null as mobile,
        street,
        postal_code,
        city,
        region,
        country,
        language,
        timezone,
        status,
        sla,
        plan,
        created_on,
        last_activity_at,
        consent_ai,
        consent_email,
        consent_phone,
        null as organisation_object,
        null as organisation_record_id,
        owner_user_id
    from {{ ref('stg_organisation') }}
),

links as (
    select * from {{ source('identity', 'link') }}
),

sources as (
    select * from {{ ref('stg_source') }}
),

-- narrow rows: sorting the whole records would cost more than all the rest
positions as (
    select
        links.source,
        links.object,
        links.record_id,
        links.customer_id,
        links.customer_type,
        sources.rank as source_rank,
        sources.fresh_at,
        count(*) over (partition by links.customer_id) as customer_records,
        row_number() over (
            partition by links.customer_id
            order by
                sources.rank, parties.modified_at desc nulls last, parties.observed_at desc,
                links.source, links.object, links.record_id
        ) as position_by_rank,
        row_number() over (
            partition by links.customer_id
            order by
                parties.modified_at desc nulls last, parties.observed_at desc, sources.rank,
                links.source, links.object, links.record_id
        ) as position_by_recency
    from links
    inner join parties
        on links.source = parties.source
        and links.object = parties.object
        and links.record_id = parties.record_id
    left join sources
        on links.source = sources.source
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
        positions.customer_records,
        positions.position_by_rank,
        positions.position_by_recency,
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

preference as (
    select * from {{ ref('int_survivorship_preference') }}
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

        -- order among the customer's records, per field group; null where the record has nothing to say
        positioned.source_rank,
        positioned.customer_records,
        positioned.position_by_rank,
        positioned.position_by_recency,
        positioned.position_by_rank as first_order,
        case
            when positioned.full_name <> ''
                then {{ survivorship_order(
                    'name',
                    "case when customer_type = 'person' and (given_name is null or family_name is null) then 1 else 0 end"
                ) }}
        end as name_order,
        {{ survivorship_order('email', 'email_quality') }} as email_order,
        {{ survivorship_order('phone', 'phone_quality') }} as phone_order,
        case
            when coalesce(positioned.street, positioned.postal_code, positioned.city) is not null then {{ survivorship_order('address') }}
            when coalesce(positioned.region, positioned.country) is not null then {{ survivorship_order('address', '1') }}
        end as address_order,
        {{ survivorship_order('language', stated_quality('positioned.language', 'language')) }} as language_order,
        {{ survivorship_order('timezone', stated_quality('positioned.timezone', 'timezone')) }} as timezone_order,
        case when positioned.plan is not null then {{ survivorship_order('plan') }} end as plan_order,
        case when positioned.sla is not null then {{ survivorship_order('sla') }} end as sla_order,
        case when positioned.organisation_id is not null then {{ survivorship_order('organisation') }} end as organisation_order,
        case when positioned.owner_user_id is not null then {{ survivorship_order('owner') }} end as owner_order,
        {{ earliest_order('created_on') }} as customer_since_order,

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
    cross join preference
)

select * from final
