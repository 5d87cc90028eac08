with records as (
    select * from {{ source('records', 'person') }}
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
        loyalty_id,
        national_id,
        owner_user_id,
        organisation_object,
        organisation_record_id,

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
        given_name,
        family_name,
        mobile,
        mobile_written,
        birth_date_written,
        birth_place,
        gender,
        job_title,

        -- dates
        created_on,
        birth_date,

        -- times
        modified_at,
        observed_at,
        last_activity_at,

        -- lists
        filled
    from records
)

select * from final
