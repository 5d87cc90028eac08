with logins as (
    select
        source,
        record_id as user_id,
        manager_user_id,
        language,
        coalesce(active, false) and coalesce(support_agent, false) as is_support_agent,
        employee_number,
        lower(email) as email,
        nullif(lower(trim(concat_ws(' ', given_name, family_name))), '') as full_name
    from {{ ref('stg_crm_user') }}
    qualify row_number() over (
        partition by source, record_id
        order by modified_at desc nulls last, observed_at desc, object
    ) = 1
),

employees as (
    select * from {{ ref('int_employee') }}
),

-- a number, an e-mail or a name that two workers of one HR source have says nothing. Two HR sources may both know the
-- worker of an e-mail, and the one believed most speaks; a number or a name of two sources may be two workers.
numbers as (
    select
        record_id as employee_number,
        min(employee_id) as employee_id
    from employees
    group by record_id
    having count(*) = 1
),

emails as (
    select
        email,
        min(employee_id) as employee_id
    from employees
    where email is not null
    group by email, source
    having count(*) = 1
    qualify row_number() over (
        partition by email
        order by min(source_rank), source
    ) = 1
),

names as (
    select
        full_name,
        min(employee_id) as employee_id
    from employees
    where full_name is not null
    group by full_name
    having count(*) = 1
),

final as (
    select
        -- ids
        logins.source,
        logins.user_id,
        logins.manager_user_id,
        coalesce(numbers.employee_id, emails.employee_id, names.employee_id) as employee_id,

        -- texts
        logins.language,
        case
            when numbers.employee_id is not null then 'employee number'
            when emails.employee_id is not null then 'work e-mail'
            when names.employee_id is not null then 'full name'
        end as matched_by,

        -- flags
        logins.is_support_agent
    from logins
    left join numbers
        on logins.employee_number = numbers.employee_number
    left join emails
        on logins.email = emails.email
    left join names
        on logins.full_name = names.full_name
)

select * from final
