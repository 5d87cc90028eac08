with records as (
    select * from {{ source('records', 'organisation') }}
),

final as (
    select
        -- ids
        source,
        object,
        record_id,
        export,
        row,
        customer_number,
        owner_user_id,
        parent_record_id,

        -- texts
        email,
        phone,
        email_written,
        phone_written,
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
        consent_ai,
        consent_email,
        consent_phone,
        name,
        domain,
        vat_id,

        -- dates
        created_on,

        -- times
        modified_at,
        observed_at,
        last_activity_at,

        -- lists
        filled
    from records
)

select * from final
